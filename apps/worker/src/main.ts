import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { openFiles } from '@runnel/blobs'
import { defaultLimits, SANDBOX_LIMITS } from '@runnel/contract/public'
import { startGatewayServer } from '@runnel/gateway/server'
import { createPublisher } from '@runnel/output/publisher'
import {
  boundRelease,
  createLogger,
  type Logger,
  readConfig,
  runUntilSignal,
  StartError,
  VERSION,
  warnOfUnknownSettings,
} from '@runnel/process'
import { createConsumer } from '@runnel/queue/consumer'
import { connectRedis, findEvictionRisk } from '@runnel/redis'
import {
  createHistory,
  createLeases,
  createSandboxRecords,
  createWorkerDirectory,
  createWorkerStatsWriter,
  recordBy,
  toWorker,
  type WorkerDirectory,
  type WorkerReport,
} from '@runnel/registry'
import { createDockerSandboxes, type Sandboxes } from '@runnel/sandbox'
import { createLocalSandboxes } from '@runnel/sandbox/local'
import { configSchema, type WorkerConfig } from './config.ts'
import { countRunning } from './count-running.ts'
import { createDrainSwitch } from './drain-switch.ts'
import { createEngineWatch } from './engine-watch.ts'
import { createFailUnreadableJob } from './fail-unreadable-job.ts'
import { startHeartbeat } from './heartbeat.ts'
import { createIntake } from './intake.ts'
import { toListenError } from './listen-error.ts'
import { createWorkerMetrics } from './metrics.ts'
import { createRunJob } from './run-job.ts'
import { toGatewayUrl } from './sandboxes/gateway-url.ts'
import { createHeldSandboxes } from './sandboxes/held-sandboxes.ts'
import { createHoldSandbox } from './sandboxes/hold-sandbox.ts'
import { startLeaseRenewal } from './sandboxes/lease-renewal.ts'
import { startStatusServer } from './status-server.ts'

/** The longest that stopping takes after the grace: 10 s for jobs, 15 s for containers, 3 s for Redis, and 1 s for the rest. */
const RELEASE_MS = 29_000

const createSandboxes = (config: WorkerConfig, worker: string, directory: WorkerDirectory, log: Logger): Sandboxes => {
  if (config.sandbox === 'docker') {
    const { findDead } = directory
    const { memoryBytes, diskBytes, processes } = SANDBOX_LIMITS
    const limits = { memoryBytes: memoryBytes.default, diskBytes: diskBytes.default, processes: processes.default }
    const lasting = { poolMin: config.maxSandboxes === 0 ? 0 : config.sandboxPoolMin, limits }
    return createDockerSandboxes({ ...config, worker, limits: defaultLimits(), lasting, findDead, log })
  }
  log.warn('RUNNEL_SANDBOX=local: programs run WITHOUT ISOLATION, as this user, with its files and its network')
  // JavaScript programs get the Node that runs this worker, as in the images.
  return createLocalSandboxes({ path: `${dirname(process.execPath)}:${config.path}`, killGraceMs: config.killGraceMs })
}

/** A new one at every start. It becomes a part of a URL and of a key in Redis, so a strange host name loses its strange letters. */
const createWorkerId = (): string =>
  `${hostname()
    .replaceAll(/[^\w.-]/g, '_')
    .slice(0, 63)}-${process.pid}-${randomUUID().slice(0, 8)}`

await runUntilSignal(async (signal, resources) => {
  const config = readConfig(configSchema)
  const { redisUrl, prefix, retentionMs, keptBounds, concurrency, shutdownGraceMs } = config
  resources.use(boundRelease(signal, shutdownGraceMs + RELEASE_MS))
  const id = createWorkerId()
  const log = createLogger({ name: 'worker', level: config.logLevel }).child({ worker: id })
  warnOfUnknownSettings(log)

  const redis = connectRedis(redisUrl, { role: 'command', log })
  resources.defer(() => redis.disconnect())
  const blocking = connectRedis(redisUrl, { role: 'blocking', log })
  resources.defer(() => blocking.disconnect())
  const subscriber = connectRedis(redisUrl, { role: 'subscriber', log })
  resources.defer(() => subscriber.disconnect())

  const directory = createWorkerDirectory({ redis, prefix })
  const intake = createIntake({
    signal,
    pause: () => consumer.pause(),
    resume: () => consumer.resume(),
    onChange: () => heartbeat.send(),
  })
  const self = { host: hostname(), version: VERSION, startedAt: new Date().toISOString(), concurrency }
  const parts: { sandboxes?: Sandboxes; running?: { readonly count: number } } = {}
  const holds = resources.use(
    createHeldSandboxes({
      most: config.maxSandboxes,
      memoryBytes: config.sandboxMemoryBytes,
      canHold: () => parts.sandboxes?.isolation.served === 'job',
    }),
  )
  const report = (): WorkerReport => ({
    ...self,
    ...intake.state,
    busy: parts.running?.count ?? 0,
    pool: parts.sandboxes?.pool ?? { idle: 0, bound: 0 },
    sandboxes: holds.state,
    isolation: parts.sandboxes?.isolation ?? { served: 'job' },
  })
  const drain = createDrainSwitch(intake, log)
  const onDrained = drain.set
  const heartbeat = resources.use(startHeartbeat({ directory, redis, subscriber, prefix, id, report, onDrained }))
  signal.addEventListener('abort', heartbeat.send)

  const sandboxes = resources.use(createSandboxes(config, id, directory, log))
  parts.sandboxes = sandboxes
  const watch = resources.use(
    createEngineWatch({
      sandboxes,
      log,
      onDown: ({ message }) => intake.hold('no-engine', message),
      onUp: () => intake.release('no-engine'),
    }),
  )
  const publisher = createPublisher({ redis, prefix, retentionMs, keptBounds })
  const history = createHistory({ redis, prefix, retentionMs })
  const statsWriter = resources.use(createWorkerStatsWriter({ redis, prefix }))
  const { metrics, recorder: jobMetrics } = createWorkerMetrics(report, () => drain.isDrained)
  const recorder = recordBy(statsWriter, jobMetrics)
  if (config.listen !== undefined) {
    const describe = () => toWorker(id, report(), { lastSeenAt: new Date(), isAlive: true, isDrained: drain.isDrained })
    resources.use(await startStatusServer({ address: config.listen, metrics, describe, log }))
  }
  const files = resources.use(await openFiles({ ...config.files, redis, prefix, log }))
  const jobFiles = { sandboxes, files, maxFileBytes: config.files.maxBytes }
  const runJob = createRunJob({ sandboxes, jobFiles, publisher, history, recorder, log, isEngineUp: watch.isUp })
  const running = countRunning(runJob)
  parts.running = running
  const onUnreadable = createFailUnreadableJob({ publisher, history, recorder, log })
  const settings = { redis: blocking, prefix, concurrency, retentionMs, lockMs: config.lockMs, onUnreadable, log }
  const address = config.gatewayListen
  const gateway = resources.use(
    await startGatewayServer({ address, tls: config.gatewayTls, log }).catch((error: unknown) => {
      throw toListenError(error, 'RUNNEL_GATEWAY_LISTEN', address)
    }),
  )
  const gatewayUrl =
    config.gatewayUrl ??
    toGatewayUrl({ host: address.host, port: gateway.port }, hostname(), config.gatewayTls !== undefined)
  log.info(`The gateway of lasting sandboxes listens at ${gatewayUrl}`)
  const records = createSandboxRecords({ redis, prefix, retentionMs })
  const renewal = resources.use(startLeaseRenewal({ redis, leases: createLeases({ redis, prefix }), records }))
  const holdSandbox = createHoldSandbox({
    ...{ sandboxes, holds, records, renewal, gateway, worker: id, gatewayUrl },
    ...{ publisher, history, storedFiles: files, isEngineUp: watch.isUp, log },
  })
  const consumer = createConsumer(settings, running.run, holdSandbox)
  resources.defer(async () => {
    await Promise.all([consumer.stop(shutdownGraceMs), holds.stop(shutdownGraceMs)])
  })
  await watch.isUp()
  intake.start()
  log.info({ concurrency, poolMin: config.poolMin, sandbox: config.sandbox }, 'The worker takes jobs')
  const risk = await findEvictionRisk(redis, signal)
  if (risk !== undefined) throw new StartError(risk)
})
