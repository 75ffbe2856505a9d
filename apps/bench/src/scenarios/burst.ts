import type { Bench } from '../bench.ts'
import { openRunnelStream, pythonJob } from '../contenders/runnel-stream.ts'
import { askAtOnce, askOneByOne } from '../load.ts'
import { type Row, toLatencyRow } from '../report/row.ts'
import type { Scenario } from './scenario.ts'

const AT_ONCE = 100
const SOCKETS = 4
/** Programs that do not count. */
const WARM_UP = 50

/** On a system that had no load yet. */
const askRunnel = async (bench: Bench): Promise<Row> => {
  await using system = await bench.startSystem('burst', {})
  await system.untilQuiet()
  using stream = await openRunnelStream(system.url, pythonJob, SOCKETS)
  const row = toLatencyRow('runnel-stream', 'default pool, finished', await askAtOnce(stream, AT_ONCE))
  await system.untilQuiet()
  return row
}

export const burst: Scenario = {
  says: `${AT_ONCE} programs in the same moment`,
  async run(bench) {
    const service = await bench.subprocessService()
    await askOneByOne(service, WARM_UP)
    return [await askRunnel(bench), toLatencyRow(service.name, 'finished', await askAtOnce(service, AT_ONCE))]
  },
}
