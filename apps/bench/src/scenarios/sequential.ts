import type { Attempt, Contender } from '../contenders/contender.ts'
import { executeOverHttp } from '../contenders/execute-over-http.ts'
import { javascriptJob, openRunnelStream, pythonJob } from '../contenders/runnel-stream.ts'
import { askOneByOne, keepInFlight } from '../load.ts'
import { toCurveRow } from '../report/row.ts'
import type { Scenario } from './scenario.ts'

const BLOCKS = 4
/**
 * Before anything counts, each service answers some hundred programs: Node compiles code that is used often, and a service
 * that has just started has none of it. Measured without: a first byte of ours after 14.5 ms instead of 11.2.
 */
const WARM_UP = { inFlight: 4, forMs: 4_000, settleMs: 0 }
/** Blocks of ours that do not count. With them the pools learn how many sandboxes to keep ready. */
const WARM_UP_BLOCKS = 2

interface Turn {
  readonly contender: Contender
  readonly language: string
  readonly perBlock: number
  readonly attempts: Attempt[]
}

const toTurn = (contender: Contender | undefined, perBlock: number, language = 'Python'): Turn[] =>
  contender === undefined ? [] : [{ contender, perBlock, language, attempts: [] }]

/** Contenders take turns in small blocks, so that other load on the machine affects all of them. */
export const sequential: Scenario = {
  says: 'one program after another, in blocks of up to 25; between blocks the pools come to rest',
  async run(bench) {
    const system = await bench.system()
    using python = await openRunnelStream(system.url, pythonJob)
    using javascript = await openRunnelStream(system.url, javascriptJob)
    using execute = executeOverHttp('runnel-execute', system.url)
    const subprocess = await bench.subprocessService()
    for (const service of [subprocess, python, execute]) await keepInFlight(service, WARM_UP)
    const turns = [
      ...toTurn(bench.barePython, 25),
      ...toTurn(subprocess, 25),
      ...toTurn(bench.bareNode, 12, 'JavaScript'),
      ...toTurn(await bench.containerService(), 4),
      ...toTurn(python, 25),
      ...toTurn(execute, 25),
      ...toTurn(javascript, 12, 'JavaScript'),
    ]
    const ours: readonly Contender[] = [python, execute, javascript]
    for (let block = -WARM_UP_BLOCKS; block < BLOCKS; block += 1) {
      await system.untilQuiet()
      for (const { contender, perBlock, attempts } of turns) {
        const isOurs = ours.includes(contender)
        if (block < 0 && !isOurs) continue
        if (isOurs) await system.untilQuiet()
        const answered = await askOneByOne(contender, perBlock)
        if (block >= 0) attempts.push(...answered)
      }
    }
    return turns.flatMap(({ contender: { name }, language, attempts }) => [
      toCurveRow(name, `${language}, first byte`, attempts, 'firstByteMs'),
      toCurveRow(name, `${language}, finished`, attempts, 'finishedMs'),
    ])
  },
}
