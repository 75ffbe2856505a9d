import type { Bench } from '../bench.ts'
import type { Contender } from '../contenders/contender.ts'
import { measureForkCeiling } from '../contenders/fork-ceiling.ts'
import { createRunnelJobs } from '../contenders/runnel-jobs.ts'
import { pythonJob } from '../contenders/runnel-stream.ts'
import { keepInFlight, type Sustained } from '../load.ts'
import { type Row, toLatencyRow, toRow } from '../report/row.ts'
import type { Scenario } from './scenario.ts'

const FRESH = { inFlight: 32, forMs: 60_000, settleMs: 4_000 }
const REUSED = { inFlight: 48, forMs: 10_000, settleMs: 2_000 }
const REUSED_SLICES = 2
const SUBPROCESS = { forMs: 3_500, settleMs: 500 }
const SUBPROCESS_PARALLELISMS = [2, 4, 8]
const TRY_MS = 1_500
const CEILING_MS = 4_000
/** The shortest time that a fresh container with a Python program takes on this machine. */
const BARE_PROGRAM = ['python3', '-u', '-c', 'print(1)']

const containerJob = (token: string) => ({ ...pythonJob(token), isolation: 'container' as const })

/** Fresh containers, between two measurements of what the engine can do without Runnel. */
const measureFresh = async (bench: Bench): Promise<Row[]> => {
  const system = await bench.system()
  using fresh = createRunnelJobs(system.url, containerJob)
  await system.untilQuiet()
  const ceilings = [await bench.engineCeiling.measure(CEILING_MS)]
  const { attempts, rate } = await keepInFlight(fresh, FRESH)
  await system.untilQuiet()
  ceilings.push(await bench.engineCeiling.measure(CEILING_MS))
  const withPython = await bench.engineCeiling.measure(CEILING_MS, BARE_PROGRAM)
  return [
    toRow('runnel-jobs', 'fresh containers, programs', 'per second', [rate]),
    toLatencyRow('runnel-jobs', 'fresh containers, finished', attempts),
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

/** Reused containers, in slices between those of the subprocess service. */
const measureReused = async (bench: Bench): Promise<Row[]> => {
  const system = await bench.system()
  const subprocess = await bench.subprocessService()
  using reused = createRunnelJobs(system.url, pythonJob)
  const inFlight = await findBestParallelism(subprocess)
  const askSubprocess = () => keepInFlight(subprocess, { ...SUBPROCESS, inFlight })
  const theirs = [await askSubprocess()]
  const ours: Sustained[] = []
  for (let slice = 0; slice < REUSED_SLICES; slice += 1) {
    await system.untilQuiet()
    ours.push(await keepInFlight(reused, REUSED))
    theirs.push(await askSubprocess())
  }
  const forked = await measureForkCeiling(bench.docker, bench.label, CEILING_MS)
  const rates = (slices: readonly Sustained[]) => slices.map(({ rate }) => rate)
  const attempts = (slices: readonly Sustained[]) => slices.flatMap((slice) => slice.attempts)
  return [
    toRow('runnel-jobs', 'reused containers, programs', 'per second', rates(ours)),
    toLatencyRow('runnel-jobs', 'reused containers, finished', attempts(ours)),
    toRow('subprocess-service', 'programs', 'per second', rates(theirs)),
    toLatencyRow('subprocess-service', 'finished', attempts(theirs)),
    toRow('fork-ceiling', 'programs', 'per second', [forked]),
  ]
}

export const sustained: Scenario = {
  says: `${FRESH.inFlight} programs in flight for ${FRESH.forMs / 1_000} s in fresh containers, then ${REUSED.inFlight} in cells`,
  run: async (bench) => [...(await measureFresh(bench)), ...(await measureReused(bench))],
}
