import { isDeepStrictEqual } from 'node:util'
import { LANGUAGES } from '@runnel/languages'
import { LABEL } from '@runnel/sandbox/labels'
import { AGENT_COMMAND, toCreateOptions, toPidsLimit, WORKSPACE } from '@runnel/sandbox/policy'
import { z } from 'zod'
import { Refusal } from './refusal.ts'

export interface SandboxRules {
  /** The prefix of the language images, as the workers have it. */
  readonly imagePrefix: string
  /** The OCI runtime, as the workers have it; undefined for the engine's default. */
  readonly runtime: string | undefined
}

/** What differs between sandboxes. The rest of the request is compared afterwards. */
const openSchema = z.object({
  Image: z.string(),
  Entrypoint: z.array(z.string()),
  Labels: z.strictObject({ [LABEL.ours]: z.literal('1'), [LABEL.worker]: z.string() }),
  HostConfig: z.object({
    Memory: z.int().positive(),
    PidsLimit: z.int().positive(),
    NanoCpus: z.int().positive(),
    Tmpfs: z.object({
      [WORKSPACE]: z
        .string()
        .regex(/,size=\d+,.*,uid=\d+,/)
        .transform((options) => ({
          diskBytes: Number(/,size=(\d+),/.exec(options)?.[1]),
          uid: Number(/,uid=(\d+),/.exec(options)?.[1]),
        })),
    }),
  }),
})

/** The lowest user of a sandbox, on any engine. */
const LOWEST_UID = 20_000

const FORK_SERVERS = LANGUAGES.filter(({ warm }) => warm?.by === 'fork').map(({ command, fileName }) =>
  command(fileName),
)

export const isOurImage = (image: string, { imagePrefix }: SandboxRules): boolean =>
  LANGUAGES.some((language) => image === imagePrefix + language.image)

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The path of the first field in which two values differ. */
const findDifference = (wanted: unknown, given: unknown, place = ''): string | undefined => {
  if (isDeepStrictEqual(wanted, given)) return undefined
  if (!isRecord(wanted) || !isRecord(given)) return place
  const fields = new Set([...Object.keys(wanted), ...Object.keys(given)])
  for (const field of fields) {
    const found = findDifference(wanted[field], given[field], place === '' ? field : `${place}.${field}`)
    if (found !== undefined) return found
  }
  return place
}

/**
 * Writes the body that makes this sandbox: reads from the request what differs between sandboxes, makes a complete body of
 * it with the container policy, and compares the request with that body. So only a sandbox can be made, whatever fields
 * the engine knows. The engine never sees a byte of the request. That matters because it reads JSON in its own way: with two
 * equal keys the first one counts too, and capital letters do not matter.
 */
export const toSandboxBody = (given: unknown, name: string, rules: SandboxRules): string => {
  const open = openSchema.safeParse(given)
  if (!open.success) {
    throw new Refusal(`A container that is not a sandbox: ${open.error.issues[0]?.path.join('.') || 'the whole body'}`)
  }
  const { Image, Entrypoint, Labels, HostConfig } = open.data
  const { diskBytes, uid } = HostConfig.Tmpfs[WORKSPACE]
  const hasForkServer = FORK_SERVERS.some((command) => isDeepStrictEqual(command, Entrypoint))
  if (!isOurImage(Image, rules)) throw new Refusal(`A container of the image "${Image}", which belongs to no language`)
  if (!hasForkServer && !isDeepStrictEqual(Entrypoint, [...AGENT_COMMAND]))
    throw new Refusal('A container whose process 1 is not the agent')
  if (uid < LOWEST_UID) throw new Refusal(`A sandbox for the user ${uid}, which may be a user of the host`)
  if (name !== `runnel-${uid}`) throw new Refusal(`A sandbox with another name than its user's: "${name}"`)
  const options = toCreateOptions({
    image: Image,
    confinement: 'container',
    uid,
    memoryBytes: HostConfig.Memory,
    processes: HostConfig.PidsLimit - toPidsLimit({ confinement: 'container', processes: 0, hasForkServer }),
    hasForkServer,
    diskBytes,
    cpus: HostConfig.NanoCpus / 1e9,
    runtime: rules.runtime,
    labels: Labels,
    command: Entrypoint,
  })
  const body = JSON.stringify(options)
  const difference = findDifference(JSON.parse(body), given)
  if (difference !== undefined) throw new Refusal(`A container with another ${difference} than a sandbox has`)
  return body
}
