// npm run keys: the admin command. It uses Redis directly, so it needs neither a key nor a running API.
import { once } from 'node:events'
import { createLogger, readConfig, SETTINGS, StartError, toRedisUrl, warnOfUnknownSettings } from '@runnel/process'
import { connectRedis } from '@runnel/redis'
import { createKeys, createTenants } from '@runnel/registry'
import { z } from 'zod'
import { runKeyCommand } from './key-command.ts'

const CONNECT_TIMEOUT_MS = 5_000

const main = async (): Promise<void> => {
  const config = readConfig(z.object(SETTINGS.keys))
  const { RUNNEL_PREFIX: prefix } = config
  const say = (text: string): boolean => process.stderr.write(text)
  // Standard output has only the result.
  const log = createLogger({ name: 'keys', level: 'info', destination: { write: say } })
  warnOfUnknownSettings(log)
  const redis = connectRedis(toRedisUrl(config), {
    role: 'command',
    log: createLogger({ name: 'keys', level: 'silent' }),
  })
  try {
    await once(redis, 'ready', { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) }).catch((cause: unknown) => {
      throw new StartError('Cannot reach Redis: start Runnel first, or name its Redis in REDIS_URL', { cause })
    })
    await runKeyCommand(process.argv.slice(2), {
      keys: createKeys({ redis, prefix }),
      tenants: createTenants({ redis, prefix }),
      log,
      print: (text) => process.stdout.write(`${text}\n`),
    })
  } finally {
    redis.disconnect()
  }
}

try {
  await main()
} catch (error) {
  if (!(error instanceof StartError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
