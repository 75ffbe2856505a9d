import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Contender } from './contender.ts'
import { executeOverHttp } from './execute-over-http.ts'

const PROGRAMS = {
  'subprocess-service': new URL('./subprocess-service.ts', import.meta.url),
  'container-service': new URL('./container-service.ts', import.meta.url),
} as const

const STOP_MS = 10_000

/** Closes the channel that the service listens on, so that it ends; then kills it. */
const stop = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  const insist = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  if (child.connected) child.disconnect()
  await ended
  clearTimeout(insist)
}

/** A service as people build it today, in a process of its own. */
export const startHttpService = async (
  name: keyof typeof PROGRAMS,
  ...args: readonly string[]
): Promise<Contender & AsyncDisposable> => {
  const child = fork(PROGRAMS[name], args, { detached: true, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`The ${name} ended with code ${code} before it listened`)
  })
  const [port] = await Promise.race([once(child, 'message'), failed])
  failed.catch(() => {})
  const contender = executeOverHttp(name, `http://127.0.0.1:${port}`)
  return {
    ...contender,
    async [Symbol.asyncDispose]() {
      contender[Symbol.dispose]()
      await stop(child)
    },
  }
}
