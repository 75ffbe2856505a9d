// The processes of a run, and the settings of each.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Options } from '../options.ts'
import { LOGS } from '../places.ts'
import { type KeptPart, keepAlive } from './keep-alive.ts'
import { startProgram } from './program.ts'
import { createRedisContainer, createRedisServer } from './redis.ts'
import type { OwnRecord } from './run-record.ts'

export interface PartsOptions {
  readonly options: Options
  readonly record: OwnRecord
  readonly say: (sentence: string) => void
}

/** A process that ends this often within a minute is given up. */
const MAX_ENDS = 3
/** How long a worker that stops lets its jobs run: short, because a user waits after Ctrl-C. */
const WORKER_GRACE_MS = 5_000

export interface StartedRedis {
  readonly url: string
  /** undefined when it is not ours to start and stop. */
  readonly part: KeptPart | undefined
}

export const startRedis = async ({ options, record, say }: PartsOptions): Promise<StartedRedis> => {
  const given = process.env['REDIS_URL']
  if (options.sandbox === 'local' && given !== undefined && given !== '') {
    record.setRedis(given)
    return { url: given, part: undefined }
  }
  const redis = await (options.sandbox === 'local' ? createRedisServer(record) : createRedisContainer(record))
  record.setRedis(redis.url)
  return { url: redis.url, part: await keepAlive({ name: 'Redis', ...redis.upkeep, say }) }
}

export const startApi = ({ options, record, say }: PartsOptions, redisUrl: string): Promise<KeptPart> =>
  startApp('api', record, say, {
    REDIS_URL: redisUrl,
    RUNNEL_API_HOST: '127.0.0.1',
    RUNNEL_API_PORT: `${options.port}`,
  })

export const startWorker = (
  { options, record, say }: PartsOptions,
  redisUrl: string,
  number: number,
): Promise<KeptPart> =>
  startApp(`worker-${number}`, record, say, {
    REDIS_URL: redisUrl,
    RUNNEL_SANDBOX: options.sandbox,
    RUNNEL_SHUTDOWN_GRACE_MS: process.env['RUNNEL_SHUTDOWN_GRACE_MS'] || `${WORKER_GRACE_MS}`,
  })

/** In MiB. By default Node lets new objects grow to 32 MiB before it collects them: more than a thousand watchers need. */
const YOUNG_GENERATION = '--max-semi-space-size=8'

const startApp = (
  name: string,
  record: OwnRecord,
  say: (sentence: string) => void,
  settings: NodeJS.ProcessEnv,
): Promise<KeptPart> => {
  const log = join(LOGS, `${name}.log`)
  rmSync(log, { force: true })
  const start = () =>
    startProgram({
      command: process.execPath,
      args: [YOUNG_GENERATION, `apps/${name.split('-')[0]}/src/main.ts`],
      env: { ...process.env, ...settings },
      log,
      onPid: record.addProcess,
    })
  return keepAlive({ name, log, maxEnds: MAX_ENDS, start, say })
}
