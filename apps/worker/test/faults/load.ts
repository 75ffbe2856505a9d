import type { Outcome } from '@runnel/contract/public'
import type { Random } from './random.ts'

/** A job, and the output and outcome that it must have, even if it starts again. */
export interface Task {
  readonly job: Readonly<Record<string, unknown>>
  readonly stdout: string
  readonly outcome: Outcome
  /** How long after it was accepted it is canceled. */
  readonly cancelAfterMs?: number
}

const exited = (exitCode: number): Outcome => ({ type: 'exited', exitCode })

const lines = (count: number): string => Array.from({ length: count }, (_, line) => `line ${line}\n`).join('')

type Kind = (random: Random) => Task

const atOnce: Kind = (random) => {
  const text = `${random.below(1e9)}`
  return { job: { language: 'python', code: `print(${text})` }, stdout: `${text}\n`, outcome: exited(0) }
}

const lineByLine: Kind = (random) => {
  const count = 5 + random.below(20)
  const exitCode = random.pick([0, 0, 3])
  const code = `import sys, time\nfor n in range(${count}):\n    print("line", n, flush=True)\n    time.sleep(0.05)\nsys.exit(${exitCode})`
  return { job: { language: 'python', code }, stdout: lines(count), outcome: exited(exitCode) }
}

const flood: Kind = (random) => {
  const count = 5_000 + random.below(10_000)
  const code = `for ((n = 0; n < ${count}; n++)); do echo "line $n"; done`
  return { job: { language: 'bash', code }, stdout: lines(count), outcome: exited(0) }
}

const answering: Kind = (random) => {
  const text = `${random.below(1e9)}`
  const code = 'import sys\nprint(sys.stdin.read()[::-1])'
  const stdout = `${[...text].reverse().join('')}\n`
  return { job: { language: 'python', code, stdin: text }, stdout, outcome: exited(0) }
}

const overTime: Kind = () => ({
  job: { language: 'python', code: 'import time\ntime.sleep(30)', limits: { wallMs: 700 } },
  stdout: '',
  outcome: { type: 'timed-out', limit: 'wall', limitMs: 700 },
})

/** The longest program. If its submission was accepted but not answered, nobody knows its id and cancels it. */
export const LONGEST_MS = 20_000

const canceled: Kind = (random) => ({
  job: { language: 'bash', code: 'sleep 60', limits: { wallMs: LONGEST_MS } },
  stdout: '',
  outcome: { type: 'canceled' },
  cancelAfterMs: random.below(1_500),
})

const KINDS: readonly Kind[] = [atOnce, atOnce, atOnce, lineByLine, lineByLine, flood, answering, overTime, canceled]

export const nextTask = (random: Random): Task => {
  const task = random.pick(KINDS)(random)
  return { ...task, job: { ...task.job, isolation: random.pick(['job', 'job', 'job', 'container']) } }
}
