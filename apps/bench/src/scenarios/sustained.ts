import type { Bench } from '../bench.ts'
import type { Contender } from '../contenders/contender.ts'
import { measureForkCeiling } from '../contenders/fork-ceiling.ts'
import { createRunnelJobs } from '../contenders/runnel-jobs.ts'
import { pythonJob } from '../contenders/runnel-stream.ts'
import { keepInFlight, type Sustained } from '../load.ts'
import { type Row, toLatencyRow, toRow } from '../report/row.ts'
import type { Scenario } from './scenario.ts'

const DEFAULT = { inFlight: 48, forMs: 10_000, settleMs: 2_000 }
const DEFAULT_SLICES = 2
const CONTAINER = { inFlight: 32, forMs: 30_000, settleMs: 4_000 }
const SUBPROCESS = { forMs: 3_500, settleMs: 500 }
const SUBPROCESS_PARALLELISMS = [2, 4, 8]
const TRY_MS = 1_500
const CEILING_MS = 4_000
/** The shortest time that a fresh container with a Python program takes on this machine. */
const BARE_PROGRAM = ['python3', '-u', '-c', 'print(1)']

const containerJob = (token: string) => ({ ...pythonJob(token), isolation: 'container' as const })

/** Isolation `container`, between two measurements of what the engine can do without Runnel. */
const measureContainers = async (bench: Bench): Promise<Row[]> => {
  const system = await bench.system()
  using jobs = createRunnelJobs(system.url, containerJob)
  await system.untilQuiet()
  const ceilings = [await bench.engineCeiling.measure(CEILING_MS)]
  const { attempts, rate } = await keepInFlight(jobs, CONTAINER)
  await system.untilQuiet()
  ceilings.push(await bench.engineCeiling.measure(CEILING_MS))
  const withPython = await bench.engineCeiling.measure(CEILING_MS, BARE_PROGRAM)
  return [
    toRow('runnel-jobs', 'isolation container, programs', 'per second', [rate]),
    toLatencyRow('runnel-jobs', 'isolation container, finished', attempts),
    toRow('engine-ceiling', 'containers', 'per second', ceilings),
    toRow('engine-ceiling', 'containers with a Python that prints a number', 'per second', [withPython]),
  ]
}

const findBestParallelism = async (contender: Contender): Promise<number> => {
  let best = { inFlight: 1, rate: 0 }
  for (const inFlight of SUBPROCESS_PARALLELISMS) {
    const { rate } = await keepInFlight(contender, { inFlight, forMs: TRY_MS, settleMs: TRY_MS / 3 })
    if (rate > best.rate) best = { inFlight, rate }
  }
  return best.inFlight
}

/** The default isolation, in slices between those of the subprocess service. */
const measureDefault = async (bench: Bench): Promise<Row[]> => {
  const system = await bench.system()
  const subprocess = await bench.subprocessService()
  using jobs = createRunnelJobs(system.url, pythonJob)
  const inFlight = await findBestParallelism(subprocess)
  const askSubprocess = () => keepInFlight(subprocess, { ...SUBPROCESS, inFlight })
  const theirs = [await askSubprocess()]
  const ours: Sustained[] = []
  for (let slice = 0; slice < DEFAULT_SLICES; slice += 1) {
    await system.untilQuiet()
    ours.push(await keepInFlight(jobs, DEFAULT))
    theirs.push(await askSubprocess())
  }
  const forked = await measureForkCeiling(bench.docker, bench.label, CEILING_MS)
  const rates = (slices: readonly Sustained[]) => slices.map(({ rate }) => rate)
  const attempts = (slices: readonly Sustained[]) => slices.flatMap((slice) => slice.attempts)
  return [
    toRow('runnel-jobs', 'default, programs', 'per second', rates(ours)),
    toLatencyRow('runnel-jobs', 'default, finished', attempts(ours)),
    toRow('subprocess-service', 'programs', 'per second', rates(theirs)),
    toLatencyRow('subprocess-service', 'finished', attempts(theirs)),
    toRow('fork-ceiling', 'programs', 'per second', [forked]),
  ]
}

export const sustained: Scenario = {
  says: `${DEFAULT.inFlight} programs in flight for ${DEFAULT.forMs / 1_000} s, twice; then ${CONTAINER.inFlight} with isolation "container"`,
  run: async (bench) => [...(await measureDefault(bench)), ...(await measureContainers(bench))],
}
