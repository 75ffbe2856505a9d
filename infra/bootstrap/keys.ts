// The end of keys.sh: the admin command, on the Redis that REDIS_URL names, or on the one of this checkout's run.
import { spawnSync } from 'node:child_process'
import { ROOT } from './checkout.ts'
import { isRunning, readRecord } from './run-record.ts'

const record = readRecord()
const ours = record !== undefined && isRunning(record) ? record.redisUrl : undefined
const { status } = spawnSync(process.execPath, ['apps/api/src/keys.ts', ...process.argv.slice(2)], {
  cwd: ROOT,
  env: { ...process.env, REDIS_URL: process.env['REDIS_URL'] || ours },
  stdio: 'inherit',
})
process.exitCode = status ?? 1
