// Starts a run: in front, in this process, or detached, while this process only waits until it is ready.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { type Options, toArguments } from '../options.ts'
import { LOGS, ROOT } from '../places.ts'
import { supervise } from './supervise.ts'
import { createTerminal, type Message } from './terminal.ts'

/** Resolves with the exit code when everything has ended. */
export const runInFront = async (options: Options): Promise<number> => {
  const exitCode = await supervise(options, createTerminal())
  // A launcher that still listens would keep this process alive.
  if (process.connected) process.disconnect()
  return exitCode
}

/**
 * The run has its own session and a log as output. Its messages come over a channel until it is ready. Resolves with
 * the exit code: 0 when it is ready, or that of a run that ended before.
 */
export const runDetached = async (options: Options): Promise<number> => {
  const log = openSync(join(LOGS, 'start.log'), 'w')
  const run = fork(process.argv[1] ?? '', ['supervise', ...toArguments(options)], {
    cwd: ROOT,
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  })
  closeSync(log)
  const ready = Promise.withResolvers<number>()
  run.on('message', (message: Message) => {
    if ('text' in message) process.stdout.write(message.text)
    else ready.resolve(0)
  })
  const ended = once(run, 'exit').then(([code]) => Number(code ?? 1))
  const exitCode = await Promise.race([ready.promise, ended])
  if (run.connected) run.disconnect()
  run.unref()
  return exitCode
}
