import type { Bench } from '../bench.ts'
import { openRunnelStream, pythonJob } from '../contenders/runnel-stream.ts'
import { askAtOnce, askOneByOne } from '../load.ts'
import { type Row, toLatencyRow } from '../report/row.ts'
import type { System } from '../system/system.ts'
import type { Scenario } from './scenario.ts'

const AT_ONCE = 100
const SOCKETS = 4
/** Programs that do not count. A real burst comes to a service that was in use, so Node has compiled its code. */
const WARM_UP = 50

const askRunnel = async (system: System, what: string): Promise<Row> => {
  using stream = await openRunnelStream(system.url, pythonJob, SOCKETS)
  return toLatencyRow('runnel-stream', `${what}, finished`, await askAtOnce(stream, AT_ONCE))
}

/** On a system that had no load yet. */
const askDefaultPool = async (bench: Bench): Promise<Row> => {
  await using system = await bench.startSystem('burst', {})
  await system.untilQuiet()
  const row = await askRunnel(system, 'default pool')
  await system.untilQuiet()
  return row
}

export const burst: Scenario = {
  says: `${AT_ONCE} programs in the same moment`,
  async run(bench) {
    const service = await bench.subprocessService()
    await askOneByOne(service, WARM_UP)
    const rows = [
      await askDefaultPool(bench),
      toLatencyRow(service.name, 'finished', await askAtOnce(service, AT_ONCE)),
    ]
    const crowd = await bench.crowdSystem()
    await crowd.untilQuiet(AT_ONCE)
    using stream = await openRunnelStream(crowd.url, pythonJob)
    await askOneByOne(stream, WARM_UP)
    await crowd.untilQuiet(AT_ONCE)
    return [await askRunnel(crowd, `pool of ${AT_ONCE}`), ...rows]
  },
}
