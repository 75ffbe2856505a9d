import { isDeepStrictEqual } from 'node:util'
import { LANGUAGES } from '@runnel/languages'
import { LABEL } from '@runnel/sandbox/labels'
import { AGENT_COMMAND, CELL_PROFILE, toCreateOptions, toPidsLimit, WORKSPACE } from '@runnel/sandbox/policy'
import { z } from 'zod'
import { Refusal } from './refusal.ts'

export interface SandboxRules {
  /** The prefix of the language images, as the workers have it. */
  readonly imagePrefix: string
  /** The OCI runtime, as the workers have it; undefined for the engine's default. */
  readonly runtime: string | undefined
  /** The most that any sandbox may have. */
  readonly maximum: Readonly<Record<Size, number>>
}

type Size = 'memoryBytes' | 'processes' | 'diskBytes' | 'cpus'

/** What differs between sandboxes. The rest of the request is compared afterwards. */
const openSchema = z.object({
  Image: z.string(),
  Entrypoint: z.array(z.string()),
  Labels: z.strictObject({
    [LABEL.ours]: z.literal('1'),
    [LABEL.worker]: z.string(),
    [LABEL.use]: z.literal('sandbox').optional(),
  }),
  HostConfig: z.object({
    Memory: z.int().positive(),
    PidsLimit: z.int().positive(),
    NanoCpus: z.int().positive(),
    /** Only the programs of a cell have a disk of their own, which the container knows nothing of. */
    Tmpfs: z.object({ [WORKSPACE]: z.string().optional() }),
    SecurityOpt: z.array(z.string()),
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

/** A Refusal if a sandbox would have more than workers may give it. */
export const expectWithin = (sizes: Partial<Record<Size, number>>, { maximum }: SandboxRules): void => {
  for (const [name, most] of Object.entries(maximum)) {
    const size = Object.entries(sizes).find(([other]) => other === name)?.[1] ?? 0
    if (size > most) throw new Refusal(`A sandbox with ${name} ${size}: ${most} is the most that a worker may give one`)
  }
}

/** Without those that are left out. */
const toLabels = (labels: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(labels).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))

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
  const disk = HostConfig.Tmpfs[WORKSPACE]
  const confinement = disk === undefined ? 'cell' : 'container'
  const diskBytes = Number(/,size=(\d+),/.exec(disk ?? '')?.[1] ?? 0)
  const uid = Number(/^runnel-(\d+)$/.exec(name)?.[1] ?? 0)
  const hasForkServer = FORK_SERVERS.some((command) => isDeepStrictEqual(command, Entrypoint))
  if (!isOurImage(Image, rules)) throw new Refusal(`A container of the image "${Image}", which belongs to no language`)
  if (!hasForkServer && !isDeepStrictEqual(Entrypoint, [...AGENT_COMMAND]))
    throw new Refusal('A container whose process 1 is not the agent')
  if (uid < LOWEST_UID) throw new Refusal(`A sandbox called "${name}", whose user may be one of the host`)
  const memoryBytes = HostConfig.Memory
  const use = Labels[LABEL.use] ?? 'programs'
  const processes = HostConfig.PidsLimit - toPidsLimit({ confinement, use, processes: 0, hasForkServer })
  const cpus = HostConfig.NanoCpus / 1e9
  expectWithin({ memoryBytes, processes, diskBytes, cpus }, rules)
  const options = toCreateOptions({
    image: Image,
    uid,
    confinement,
    use,
    appArmor: HostConfig.SecurityOpt.includes(`apparmor=${CELL_PROFILE}`) ? CELL_PROFILE : undefined,
    memoryBytes,
    processes,
    hasForkServer,
    diskBytes,
    cpus,
    runtime: rules.runtime,
    labels: toLabels(Labels),
    command: Entrypoint,
  })
  const body = JSON.stringify(options)
  const difference = findDifference(JSON.parse(body), given)
  if (difference !== undefined) throw new Refusal(`A container with another ${difference} than a sandbox has`)
  return body
}
