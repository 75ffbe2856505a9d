// node within.ts <seconds> <command> [argument …]
//
// A command that must not hang us: killed after that many seconds, with status 124. It inherits our standard
// descriptors and no other.
import { spawnSync } from 'node:child_process'
import { closeInherited } from './inherited.ts'

const [seconds, command, ...args] = process.argv.slice(2)
if (command === undefined) throw new Error('Usage: within.ts <seconds> <command> [argument …]')
closeInherited()
const { error, status } = spawnSync(command, args, {
  stdio: 'inherit',
  timeout: Number(seconds) * 1_000,
  killSignal: 'SIGKILL',
})
const isLate = error !== undefined && 'code' in error && error.code === 'ETIMEDOUT'
process.exitCode = isLate ? 124 : (status ?? 1)
