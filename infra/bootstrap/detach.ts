// node detach.ts <log file> <command> [argument …]
//
// Starts a daemon that holds nothing of ours, and prints its process id: it has a session of its own, no input, a
// file as output and no other descriptor. So whoever waits for our output to close is not kept waiting.
import { spawn } from 'node:child_process'
import { openSync } from 'node:fs'
import { closeInherited } from './inherited.ts'

const [log, command, ...args] = process.argv.slice(2)
if (log === undefined || command === undefined) throw new Error('Usage: detach.ts <log file> <command> [argument …]')
closeInherited()
const output = openSync(log, 'a')
const daemon = spawn(command, args, { detached: true, stdio: ['ignore', output, output], cwd: '/' })
daemon.unref()
process.stdout.write(`${daemon.pid}\n`)
