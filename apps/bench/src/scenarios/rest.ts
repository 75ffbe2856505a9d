import { setTimeout as delay } from 'node:timers/promises'
import type { Bench } from '../bench.ts'
import { createRunnelJobs } from '../contenders/runnel-jobs.ts'
import { pythonJob } from '../contenders/runnel-stream.ts'
import { askAtOnce, askOneByOne } from '../load.ts'
import { type Row, toLatencyRow, toRow } from '../report/row.ts'
import { type ResourcesInUse, readResourcesInUse } from '../system/resources-in-use.ts'
import type { System } from '../system/system.ts'
import type { Scenario } from './scenario.ts'

const IN_SEQUENCE = 1_000
const IN_PARALLEL = 200
/** Before the load, so that caches and compiled code count as rest. */
const WARM_UP = 100
/** Longer than the target, so that a miss has a number. */
const PATIENCE_MS = 180_000
const POLL_MS = 1_000

/**
 * How much more than before counts as at rest. Connections to Redis and the engine are kept open, and a garbage collector gives
 * memory back late.
 */
const MORE: ResourcesInUse = { containers: 0, mounts: 0, controlGroups: 0, descriptors: 16, memoryMib: 64 }

const KINDS = [
  ['containers', 'containers', 'count'],
  ['mounts', 'mounts', 'count'],
  ['controlGroups', 'control groups', 'count'],
  ['descriptors', 'descriptors', 'count'],
  ['memoryMib', 'memory', 'MiB'],
] as const

/** Those of which there is more than before. */
const findMore = (before: ResourcesInUse, now: ResourcesInUse) =>
  KINDS.filter(([name]) => now[name] > before[name] + MORE[name])

/** For each kind: when it was back, and how much there is of it in the end. */
const untilRest = async ({ docker }: Bench, system: System, before: ResourcesInUse): Promise<Row[]> => {
  const started = performance.now()
  const backS = new Map(KINDS.map(([name]) => [name, 0]))
  let now = await readResourcesInUse(docker, system)
  let more = findMore(before, now)
  while (more.length > 0 && performance.now() - started < PATIENCE_MS) {
    await delay(POLL_MS)
    for (const [name] of more) backS.set(name, (performance.now() - started) / 1_000)
    now = await readResourcesInUse(docker, system)
    more = findMore(before, now)
  }
  const why = more.map(([name, what]) => `${what}: ${Math.round(now[name])}, before ${Math.round(before[name])}`)
  const tookS = Math.max(...backS.values())
  return [
    toRow(
      'runnel-jobs',
      'back at rest',
      's',
      more.length === 0 ? [tookS] : [],
      more.length === 0 ? [] : [why.join('; ')],
    ),
    ...KINDS.flatMap(([name, what, unit]) => [
      toRow('runnel-jobs', `${what}: back at rest`, 's', [backS.get(name) ?? 0]),
      toRow('runnel-jobs', `${what}: after, less before`, unit, [now[name] - before[name]]),
    ]),
  ]
}

export const rest: Scenario = {
  says: `${IN_SEQUENCE} programs in sequence, then ${IN_PARALLEL} in parallel; then how long until everything is as before`,
  async run(bench) {
    await using system = await bench.startSystem('rest', { RUNNEL_LANGUAGES: 'python' })
    await system.untilQuiet()
    using jobs = createRunnelJobs(system.url, pythonJob)
    await askOneByOne(jobs, WARM_UP)
    await system.untilQuiet()
    const before = await readResourcesInUse(bench.docker, system)
    const oneByOne = await askOneByOne(jobs, IN_SEQUENCE)
    const inParallel = await askAtOnce(jobs, IN_PARALLEL)
    return [
      toLatencyRow('runnel-jobs', 'in sequence, finished', oneByOne),
      toLatencyRow('runnel-jobs', 'in parallel, finished', inParallel),
      ...(await untilRest(bench, system, before)),
    ]
  },
}
