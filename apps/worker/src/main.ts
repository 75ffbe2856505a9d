import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { defaultLimits } from '@runnel/contract/public'
import { createPublisher } from '@runnel/output/publisher'
import {
  boundRelease,
  createLogger,
  type Logger,
  readConfig,
  runUntilSignal,
  StartError,
  warnOfUnknownSettings,
} from '@runnel/process'
import { createConsumer } from '@runnel/queue/consumer'
import { connectRedis, findEvictionRisk } from '@runnel/redis'
import { createWorkerDirectory, type WorkerDirectory } from '@runnel/registry'
import { createDockerSandboxes, type Sandboxes } from '@runnel/sandbox'
import { createLocalSandboxes } from '@runnel/sandbox/local'
import { configSchema, type WorkerConfig } from './config.ts'
import { createEngineWatch } from './engine-watch.ts'
import { createFailUnreadableJob } from './fail-unreadable-job.ts'
import { startHeartbeat } from './heartbeat.ts'
import { createRunJob } from './run-job.ts'

/** The longest that stopping takes after the grace: 10 s for jobs, 15 s for containers, 3 s for Redis, and 1 s for the rest. */
const RELEASE_MS = 29_000

const createSandboxes = (config: WorkerConfig, worker: string, directory: WorkerDirectory, log: Logger): Sandboxes => {
  if (config.sandbox === 'docker') {
    const { findDead } = directory
    return createDockerSandboxes({ ...config, worker, limits: defaultLimits(), findDead, log })
  }
  log.warn('RUNNEL_SANDBOX=local: programs run WITHOUT ISOLATION, as this user, with its files and its network')
  // JavaScript programs get the Node that runs this worker, as in the images.
  return createLocalSandboxes({ path: `${dirname(process.execPath)}:${config.path}`, killGraceMs: config.killGraceMs })
}

await runUntilSignal(async (signal, resources) => {
  const config = readConfig(configSchema)
  const { redisUrl, prefix, retentionMs, concurrency, shutdownGraceMs } = config
  resources.use(boundRelease(signal, shutdownGraceMs + RELEASE_MS))
  const id = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`
  const log = createLogger({ name: 'worker', level: config.logLevel }).child({ worker: id })
  warnOfUnknownSettings(log)

  const redis = connectRedis(redisUrl, { role: 'command', log })
  resources.defer(() => redis.disconnect())
  const blocking = connectRedis(redisUrl, { role: 'blocking', log })
  resources.defer(() => blocking.disconnect())

  const directory = createWorkerDirectory({ redis, prefix })
  let isTakingJobs = false
  const isReady = () => isTakingJobs && !signal.aborted
  const heartbeat = resources.use(startHeartbeat({ directory, redis, id, isReady }))
  signal.addEventListener('abort', heartbeat.send)
  const setTakingJobs = (takesJobs: boolean): void => {
    isTakingJobs = takesJobs
    heartbeat.send()
  }

  const sandboxes = resources.use(createSandboxes(config, id, directory, log))
  const watch = resources.use(
    createEngineWatch({
      sandboxes,
      log,
      async onDown() {
        setTakingJobs(false)
        await consumer.pause()
      },
      onUp() {
        setTakingJobs(true)
        consumer.resume()
      },
    }),
  )
  const publisher = createPublisher({ redis, prefix, retentionMs })
  const runJob = createRunJob({ sandboxes, publisher, log, isEngineUp: watch.isUp })
  const onUnreadable = createFailUnreadableJob({ publisher, log })
  const settings = { redis: blocking, prefix, concurrency, retentionMs, lockMs: config.lockMs, onUnreadable, log }
  const consumer = createConsumer(settings, runJob)
  resources.defer(() => consumer.stop(shutdownGraceMs))
  if (await watch.isUp()) setTakingJobs(true)
  log.info({ concurrency, poolMin: config.poolMin, sandbox: config.sandbox }, 'The worker takes jobs')
  const risk = await findEvictionRisk(redis, signal)
  if (risk !== undefined) throw new StartError(risk)
})
