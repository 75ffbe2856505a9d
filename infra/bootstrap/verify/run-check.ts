// One command of the test run. Its output comes through a pipe of ours and is passed on, so that a process that it leaves
// behind holds our pipe and never the caller's output.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { ROOT } from '../places.ts'

export interface CheckResult {
  readonly passed: boolean
  readonly seconds: string
  readonly output: string
}

/** After a command has ended, what it wrote is read within moments. */
const DRAIN_MS = 500

export const runCheck = async (
  command: string,
  args: readonly string[],
  options: {
    readonly onOutput?: (text: Buffer) => void
    readonly env?: NodeJS.ProcessEnv
    /** Ends the command. */
    readonly signal?: AbortSignal
  } = {},
): Promise<CheckResult> => {
  const { onOutput = () => {}, signal } = options
  const started = performance.now()
  const output: Buffer[] = []
  const color = process.stdout.isTTY ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' }
  const env = { ...process.env, ...options.env, ...color, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' }
  const child = spawn(command, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'], signal })
  const pass = (text: Buffer) => {
    output.push(text)
    onOutput(text)
  }
  for (const stream of [child.stdout, child.stderr]) stream.on('data', pass)
  const closed = once(child, 'close').catch(() => {})
  const passed = await once(child, 'exit').then(
    ([code]) => code === 0,
    (error) => {
      pass(Buffer.from(`Cannot run ${command}: ${error.message}\n`))
      return false
    },
  )
  await Promise.race([closed, delay(DRAIN_MS, undefined, { ref: false })])
  child.stdout.destroy()
  child.stderr.destroy()
  const seconds = ((performance.now() - started) / 1_000).toFixed(1)
  return { passed, seconds, output: Buffer.concat(output).toString() }
}
