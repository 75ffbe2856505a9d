import type { Bench } from '../bench.ts'
import { openRunnelStream, pythonJob } from '../contenders/runnel-stream.ts'
import { askAtOnce, askOneByOne } from '../load.ts'
import { type Row, toLatencyRow, toRow } from '../report/row.ts'
import type { System } from '../system/system.ts'
import type { Scenario } from './scenario.ts'

const AT_ONCE = 100
const SOCKETS = 4
/** Programs that do not count. A real burst comes to a service that was in use, so Node has compiled its code. */
const WARM_UP = 50
const CEILING_MS = 3_000

const askRunnel = async (system: System, what: string): Promise<Row> => {
  using stream = await openRunnelStream(system.url, pythonJob, SOCKETS)
  return toLatencyRow('runnel-stream', `${what}, finished`, await askAtOnce(stream, AT_ONCE))
}

/** On a system that had no load yet. The engine limits this, so its ceiling is measured before and after. */
const askDefaultPool = async (bench: Bench): Promise<Row[]> => {
  await using system = await bench.startSystem('burst', {})
  await system.untilQuiet()
  const rates = [await bench.engineCeiling.measure(CEILING_MS)]
  const row = await askRunnel(system, 'default pool')
  await system.untilQuiet()
  rates.push(await bench.engineCeiling.measure(CEILING_MS))
  const times = rates.map((rate) => (AT_ONCE / rate) * 1_000)
  return [row, toRow('engine-ceiling', `${AT_ONCE} containers`, 'ms', times)]
}

export const burst: Scenario = {
  says: `${AT_ONCE} programs in the same moment`,
  async run(bench) {
    const rows = await askDefaultPool(bench)
    const service = await bench.containerService()
    rows.push(toLatencyRow(service.name, 'finished', await askAtOnce(service, AT_ONCE)))
    const crowd = await bench.crowdSystem()
    await crowd.untilQuiet(AT_ONCE)
    using stream = await openRunnelStream(crowd.url, pythonJob)
    await askOneByOne(stream, WARM_UP)
    await crowd.untilQuiet(AT_ONCE)
    return [await askRunnel(crowd, `pool of ${AT_ONCE}`), ...rows]
  },
}
