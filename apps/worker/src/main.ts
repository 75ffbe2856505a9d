import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { defaultLimits } from '@runnel/contract'
import { createPublisher } from '@runnel/output/publisher'
import { connectRedis, createLogger, type Logger, readConfig, runUntilSignal } from '@runnel/process'
import { createConsumer } from '@runnel/queue/consumer'
import { createWorkerDirectory } from '@runnel/registry'
import { createDockerSandboxes, type Sandboxes } from '@runnel/sandbox'
import { createLocalSandboxes } from '@runnel/sandbox/local'
import { configSchema, type WorkerConfig } from './config.ts'
import { createEngineWatch } from './engine-watch.ts'
import { keepListed } from './keep-listed.ts'
import { createRunJob } from './run-job.ts'

const createSandboxes = (config: WorkerConfig, worker: string, log: Logger): Sandboxes => {
  if (config.sandbox === 'docker') {
    return createDockerSandboxes({ ...config, worker, limits: defaultLimits(), graceMs: config.killAfterMs, log })
  }
  log.warn('RUNNEL_SANDBOX=local: programs run WITHOUT ISOLATION, as this user, with its files and its network')
  // The Node that runs us is the one JavaScript programs get, here as in the images.
  return createLocalSandboxes({ path: `${dirname(process.execPath)}:${config.path}`, graceMs: config.killAfterMs })
}

await runUntilSignal(async (signal, resources) => {
  const config = readConfig(configSchema)
  const { redisUrl, prefix, retentionMs, concurrency, graceMs } = config
  const id = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`
  const log = createLogger({ name: 'worker', level: config.logLevel }).child({ worker: id })

  const redis = connectRedis(redisUrl, { role: 'command', log })
  resources.defer(() => redis.disconnect())
  const blocking = connectRedis(redisUrl, { role: 'blocking', log })
  resources.defer(() => blocking.disconnect())

  const sandboxes = resources.use(createSandboxes(config, id, log))
  const watch = resources.use(
    createEngineWatch({ sandboxes, log, onDown: () => consumer.pause(), onUp: () => consumer.resume() }),
  )
  const runJob = createRunJob({
    sandboxes,
    publisher: createPublisher({ redis, prefix, retentionMs }),
    log,
    isEngineUp: watch.isUp,
  })
  const consumer = createConsumer({ redis: blocking, prefix, concurrency, retentionMs, log }, runJob)
  resources.defer(() => consumer.stop(graceMs))
  await watch.isUp()

  const directory = createWorkerDirectory({ redis, prefix })
  resources.use(keepListed({ directory, redis, id, isTaking: () => !watch.isDown() && !signal.aborted }))
  log.info({ concurrency, poolMin: config.poolMin, sandbox: config.sandbox }, 'The worker takes jobs')
})
