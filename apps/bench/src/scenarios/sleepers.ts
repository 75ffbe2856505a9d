import { openRunnelStream, pythonJob } from '../contenders/runnel-stream.ts'
import { askAtOnce } from '../load.ts'
import { toLatencyRow, toRow } from '../report/row.ts'
import { readPeakMemory } from '../system/process-memory.ts'
import type { Scenario } from './scenario.ts'

const AT_ONCE = 100
const SLEEP_S = 5
const SOCKETS = 4
/** The pool is at its defaults; the worker may run all of them. */
const PLACES = { RUNNEL_LANGUAGES: 'python', RUNNEL_CONCURRENCY: '128' }
const MIB = 1024 * 1024

const sleepingJob = (token: string) => ({
  ...pythonJob(token),
  code: `import time\ntime.sleep(${SLEEP_S})\nprint("${token}")`,
})

export const sleepers: Scenario = {
  says: `${AT_ONCE} programs that sleep ${SLEEP_S} s, in the same moment, on one worker, and after their end once more`,
  async run(bench) {
    await using system = await bench.startSystem('sleepers', PLACES)
    await system.untilQuiet()
    using stream = await openRunnelStream(system.url, sleepingJob, SOCKETS)
    const first = await askAtOnce(stream, AT_ONCE)
    const attempts = await askAtOnce(stream, AT_ONCE)
    const peak = readPeakMemory(system.worker.pid)
    return [
      toLatencyRow('runnel-stream', 'first round, finished', first),
      toLatencyRow('runnel-stream', 'finished', attempts),
      toRow('runnel-stream', 'memory of the worker, at its peak', 'MiB', peak === undefined ? [] : [peak / MIB]),
    ]
  },
}
