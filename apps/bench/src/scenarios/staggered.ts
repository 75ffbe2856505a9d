import { executeOverHttp } from '../contenders/execute-over-http.ts'
import { askStaggered } from '../load.ts'
import { type Row, toLatencyRow } from '../report/row.ts'
import type { Scenario } from './scenario.ts'

const EVERY_MS = 200
const COUNT = 25

export const staggered: Scenario = {
  says: `${COUNT} programs, one every ${EVERY_MS} ms whether or not the last one is done`,
  async run(bench) {
    const system = await bench.system()
    using execute = executeOverHttp('runnel-execute', system.url)
    const rows: Row[] = []
    for (const contender of [execute, await bench.subprocessService(), await bench.containerService()]) {
      await system.untilQuiet()
      rows.push(toLatencyRow(contender.name, 'finished', await askStaggered(contender, COUNT, EVERY_MS)))
    }
    return rows
  },
}
