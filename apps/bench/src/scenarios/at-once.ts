import type { Attempt } from '../contenders/contender.ts'
import { executeOverHttp } from '../contenders/execute-over-http.ts'
import { askAtOnce } from '../load.ts'
import { toLatencyRow } from '../report/row.ts'
import type { Scenario } from './scenario.ts'

const AT_ONCE = 50
const ROUNDS = 2

export const atOnce: Scenario = {
  says: `${AT_ONCE} programs asked for in the same moment, ${ROUNDS} rounds, contenders in turn`,
  async run(bench) {
    const system = await bench.system()
    using execute = executeOverHttp('runnel-execute', system.url)
    const contenders = [execute, await bench.subprocessService(), await bench.containerService()]
    const attempts = new Map<string, Attempt[]>(contenders.map(({ name }) => [name, []]))
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const contender of contenders) {
        await system.untilQuiet()
        attempts.get(contender.name)?.push(...(await askAtOnce(contender, AT_ONCE)))
      }
    }
    return contenders.map(({ name }) => toLatencyRow(name, 'finished', attempts.get(name) ?? []))
  },
}
