// The end of start.sh: Runnel itself, here in front, or detached with this process only waiting until it is ready.
import { fork } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { LOGS, ROOT } from './checkout.ts'
import { closeInherited } from './inherited.ts'
import { readOptions } from './options.ts'
import { supervise } from './supervise.ts'
import { createTerminal, type Message } from './terminal.ts'

const DETACH = '--detach'

/** The child has a session of its own and a log as output. What it says comes over a channel until it is ready. */
const detach = (args: readonly string[]): void => {
  const log = openSync(join(LOGS, 'start.log'), 'w')
  const child = fork(import.meta.filename, args, { cwd: ROOT, detached: true, stdio: ['ignore', log, log, 'ipc'] })
  closeSync(log)
  child.on('exit', (code) => {
    process.exitCode = code ?? 1
  })
  child.on('message', (message: Message) => {
    if ('text' in message) {
      process.stdout.write(message.text)
    } else {
      child.removeAllListeners('exit')
      child.disconnect()
      child.unref()
    }
  })
}

closeInherited()
const args = process.argv.slice(2)
const options = readOptions(args)
if (options.detach) {
  detach(args.filter((argument) => argument !== DETACH))
} else {
  process.exitCode = await supervise(options, createTerminal())
  // A launcher that still listens would keep this process alive.
  if (process.connected) process.disconnect()
}
