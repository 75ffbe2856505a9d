// One child process. It has its own process group, so that a Ctrl-C in the terminal reaches only the supervisor, and
// its output goes to a log, so that it holds no caller's pipe open.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { ROOT } from '../places.ts'

export interface Part {
  /** Resolves when it has ended, with how. */
  readonly ended: Promise<string>
  /** Asks it to end, waits that long, then kills it. */
  stop(graceMs: number): Promise<void>
  kill(): void
}

export interface ProgramOptions {
  readonly command: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly log: string
  readonly onPid: (pid: number) => void
}

export const startProgram = async ({ command, args, env, log, onPid }: ProgramOptions): Promise<Part> => {
  const output = openSync(log, 'a')
  const child = spawn(command, args, { cwd: ROOT, env, detached: true, stdio: ['ignore', output, output] })
  closeSync(output)
  const ended = once(child, 'exit').then(([code, signal]) => (signal === null ? `exit code ${code}` : `${signal}`))
  // A command that cannot be started rejects here, and then never exits.
  ended.catch(() => {})
  await once(child, 'spawn')
  const { pid } = child
  if (pid === undefined) throw new Error(`${command} has no process id`)
  onPid(pid)
  const signalGroup = (signal: NodeJS.Signals) => {
    try {
      process.kill(-pid, signal)
    } catch {
      // It is gone already.
    }
  }
  return {
    ended,
    async stop(graceMs) {
      child.kill('SIGTERM')
      const exited = new AbortController()
      const kill = delay(graceMs, undefined, { signal: exited.signal }).then(
        () => signalGroup('SIGKILL'),
        () => {},
      )
      await ended
      exited.abort()
      await kill
    },
    kill: () => signalGroup('SIGKILL'),
  }
}
