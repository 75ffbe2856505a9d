// The first program of a newcomer, through the whole path: API, queue, worker, sandbox, and its output back, live.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../places.ts'
import { runProgram } from './api.ts'
import { createPrefixer, type Terminal } from './terminal.ts'

const EXAMPLE = 'examples/hello.py'

export const runExample = async (url: string, terminal: Terminal, signal: AbortSignal): Promise<void> => {
  // A Redis that was there before may hold API keys. Then a job needs one, and the example has none.
  if ((await fetch(`${url}/v1/languages`, { signal })).status === 401) {
    terminal.line(`\n  There are API keys, so ${EXAMPLE} is not run.\n`)
    return
  }
  terminal.line(`\n  ${EXAMPLE}`)
  const print = createPrefixer('  │ ', terminal.write)
  const code = readFileSync(join(ROOT, EXAMPLE), 'utf8')
  const { outcome, usage } = await runProgram(url, { language: 'python', code }, print, signal)
  if (outcome.type !== 'exited' || outcome.exitCode !== 0) {
    throw new Error(`The example did not end well (${JSON.stringify(outcome)}): read .runnel/log/worker-1.log`)
  }
  terminal.line(`  └ exited 0${usage === null ? '' : ` after ${(usage.wallMs / 1_000).toFixed(1)} s`}\n`)
}
