// Commands of this machine: run for what they do, read for what they print, or started as a daemon.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, closeSync, constants, openSync } from 'node:fs'
import { delimiter, join } from 'node:path'
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

/** Rejects unless the command succeeds. What it prints goes to the log of the step. */
export const run = async (command: string, args: readonly string[], options: RunOptions = {}): Promise<void> => {
  const { timeoutMs, env, cwd = ROOT } = options
  const log = openSync(STEP_LOG, 'a')
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', log, log],
    killSignal: 'SIGKILL',
    ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
  })
  closeSync(log)
  const [code, signal] = await once(child, 'exit')
  if (code !== 0) throw new Error(`\`${command} ${args[0] ?? ''}\` ended with ${signal ?? `exit code ${code}`}`)
}

const execute = promisify(execFile)

/** What the command printed on stdout. Rejects unless it succeeds in that time. */
export const read = async (command: string, args: readonly string[], timeoutMs = 30_000): Promise<string> => {
  const { stdout } = await execute(command, args, { cwd: ROOT, timeout: timeoutMs, killSignal: 'SIGKILL' })
  return stdout.trim()
}

export const docker = (...args: readonly string[]): Promise<string> => read('docker', args)

/**
 * Starts a daemon that holds nothing of ours: it has a session of its own, no input, a file as output and no other
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
