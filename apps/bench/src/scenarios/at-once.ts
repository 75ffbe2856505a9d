import { executeOverHttp } from '../contenders/execute-over-http.ts'
import { askAtOnce } from '../load.ts'
import { type Row, toLatencyRow } from '../report/row.ts'
import type { Scenario } from './scenario.ts'

const AT_ONCE = 100

export const atOnce: Scenario = {
  says: `${AT_ONCE} programs asked for in the same moment, contenders in turn`,
  async run(bench) {
    const system = await bench.system()
    using execute = executeOverHttp('runnel-execute', system.url)
    const rows: Row[] = []
    for (const contender of [execute, await bench.subprocessService(), await bench.containerService()]) {
      await system.untilQuiet()
      rows.push(toLatencyRow(contender.name, 'finished', await askAtOnce(contender, AT_ONCE)))
    }
    return rows
  },
}
