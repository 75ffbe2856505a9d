// Commands of this machine: run for what they do, read for what they print, or started as a daemon.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, closeSync, constants, openSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { LOGS, ROOT } from './places.ts'

/** What the commands of the current step printed. */
export const STEP_LOG = join(LOGS, 'prepare.log')

export interface RunOptions {
  /** After this long it is killed. Default: never. */
  readonly timeoutMs?: number
  /** On top of our own environment. */
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
}

interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<unknown>
}

let running: Running | undefined
let ending: Promise<void> | undefined

/**
 * Rejects unless the command succeeds. What it prints goes to the log of the step. It has its own process group, so
 * that `endRunning` can end it with all that it started.
 */
export const run = async (command: string, args: readonly string[], options: RunOptions = {}): Promise<void> => {
  const { timeoutMs, env, cwd = ROOT } = options
  const log = openSync(STEP_LOG, 'a')
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ['ignore', log, log],
    killSignal: 'SIGKILL',
    ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
  })
  closeSync(log)
  const ended = once(child, 'exit')
  running = { child, ended: ended.catch(() => {}) }
  const [code, signal] = await ended
  running = undefined
  // This process exits in a moment: the caller must neither report a failure nor run the next command.
  if (ending !== undefined) await new Promise(() => {})
  if (code !== 0) throw new Error(`\`${command} ${args[0] ?? ''}\` ended with ${signal ?? `exit code ${code}`}`)
}

/** How long an interrupted command has to end well: apt first finishes the packages that it unpacks. */
const END_GRACE_MS = 10_000

/** Ends the command that runs. Only for a process that exits afterwards. */
export const endRunning = (): Promise<void> => (ending ??= end())

const end = async (): Promise<void> => {
  if (running === undefined) return
  const { child, ended } = running
  signalGroup(child, 'SIGINT')
  await Promise.race([ended, delay(END_GRACE_MS)])
  signalGroup(child, 'SIGKILL')
  await ended
}

const signalGroup = ({ pid }: ChildProcess, signal: NodeJS.Signals): void => {
  try {
    if (pid !== undefined) process.kill(-pid, signal)
  } catch {
    // It is gone already.
  }
}

const execute = promisify(execFile)

/** What the command printed on stdout. Rejects unless it succeeds in that time. */
export const read = async (command: string, args: readonly string[], timeoutMs = 30_000): Promise<string> => {
  const { stdout } = await execute(command, args, { cwd: ROOT, timeout: timeoutMs, killSignal: 'SIGKILL' })
  return stdout.trim()
}

export const docker = (...args: readonly string[]): Promise<string> => read('docker', args)

/**
 * Starts a daemon that holds nothing of ours: it has its own session, no input, a file as output and no other
 * descriptor (main.ts closes those that we inherited). So a caller that waits for our output to close is not kept waiting.
 */
export const startDaemon = async (command: string, logName: string): Promise<number | undefined> => {
  const log = openSync(join(LOGS, logName), 'a')
  const daemon = spawn(command, [], { cwd: '/', detached: true, stdio: ['ignore', log, log] })
  closeSync(log)
  await once(daemon, 'spawn')
  daemon.unref()
  return daemon.pid
}

export const isInstalled = (command: string): boolean =>
  (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
