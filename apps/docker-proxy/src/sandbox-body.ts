import { isDeepStrictEqual } from 'node:util'
import { LANGUAGES } from '@runnel/languages'
import { LABEL } from '@runnel/sandbox/labels'
import { AGENT_COMMAND, toCreateOptions, toPidsLimit, WORKSPACE } from '@runnel/sandbox/policy'
import { z } from 'zod'
import { Refusal } from './refusal.ts'

export interface SandboxRules {
  /** What comes before a language's image name, as the workers have it. */
  readonly imagePrefix: string
  /** The OCI runtime, as the workers have it; undefined for the engine's default. */
  readonly runtime: string | undefined
}

/** All that differs from one sandbox to the next; what it says of the rest is compared afterwards. */
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

/** The lowest user a sandbox has on any engine. */
const LOWEST_UID = 20_000

const FORK_SERVERS = LANGUAGES.filter(({ warm }) => warm?.by === 'fork').map(({ command, fileName }) =>
  command(fileName),
)

export const isOurImage = (image: string, { imagePrefix }: SandboxRules): boolean =>
  LANGUAGES.some((language) => image === imagePrefix + language.image)

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Where two values differ first, as a path of their fields. */
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
 * The body that makes this sandbox, written here: what is open is read from the request, the container policy makes a
 * whole body of it, and the request must be equal to that one. So nothing but a sandbox can be made, whatever fields an
 * engine knows; and the engine, which reads JSON in its own way (the first of two equal keys counts there too, and
 * capital letters do not), never sees a byte of the request.
 */
export const toSandboxBody = (given: unknown, name: string, rules: SandboxRules): string => {
  const open = openSchema.safeParse(given)
  if (!open.success) {
    throw new Refusal(`A container that is no sandbox: ${open.error.issues[0]?.path.join('.') || 'the whole of it'}`)
  }
  const { Image, Entrypoint, Labels, HostConfig } = open.data
  const { diskBytes, uid } = HostConfig.Tmpfs[WORKSPACE]
  const hasForkServer = FORK_SERVERS.some((command) => isDeepStrictEqual(command, Entrypoint))
  if (!isOurImage(Image, rules)) throw new Refusal(`A container of the image "${Image}", which is no language's`)
  if (!hasForkServer && !isDeepStrictEqual(Entrypoint, [...AGENT_COMMAND]))
    throw new Refusal('A container whose process 1 would not be the agent')
  if (uid < LOWEST_UID) throw new Refusal(`A sandbox for the user ${uid}, who may be somebody`)
  if (name !== `runnel-${uid}`) throw new Refusal(`A sandbox of another name than its user's: "${name}"`)
  const options = toCreateOptions({
    image: Image,
    uid,
    memoryBytes: HostConfig.Memory,
    processes: HostConfig.PidsLimit - toPidsLimit({ processes: 0, hasForkServer }),
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
