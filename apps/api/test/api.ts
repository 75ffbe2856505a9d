import { once } from 'node:events'
import { openFiles } from '@runnel/blobs'
import { LIMITS, SANDBOX_LIMITS, SERVE_LIMITS } from '@runnel/contract/public'
import { createGateway } from '@runnel/gateway/client'
import { HTML, LANGUAGES } from '@runnel/languages'
import { createOperations, createSandboxOperations, createSiteOperations } from '@runnel/operations'
import { createLogWriter, type LogWriter } from '@runnel/output/log-writer'
import { createPublisher, type EndCommands, type Publisher } from '@runnel/output/publisher'
import { createSiteLog } from '@runnel/output/site-log'
import { createSubscriber, type Subscriber } from '@runnel/output/subscriber'
import { createLogger, type Logger, readConfig } from '@runnel/process'
import { createConsumer, type Delivery } from '@runnel/queue/consumer'
import { createProducer, type Producer, type QueueBounds } from '@runnel/queue/producer'
import { connectRedis, type KeptBounds } from '@runnel/redis'
import { NO_KEPT_BOUNDS } from '@runnel/redis/testing'
import {
  createAccessTokens,
  createBrowserRuns,
  createHistory,
  createJobIds,
  createKeys,
  createLeases,
  createPreviewRequests,
  createPrograms,
  createSandboxIds,
  createSandboxRecords,
  createSandboxStates,
  createSessions,
  createSites,
  createStatsReader,
  createStatsWriter,
  createTenantCount,
  createTenants,
  createTickets,
  createWorkerDirectory,
  type Leases,
  recordBy,
  type StatsWriter,
} from '@runnel/registry'
import type { RouteOptions } from 'fastify'
import { createCallerDirectory } from '../src/access/caller-directory.ts'
import { type App, createApp } from '../src/app.ts'
import type { Backend } from '../src/backend.ts'
import { configSchema } from '../src/config.ts'
import { createApiMetrics } from '../src/metrics.ts'
import { readPreviewDomain } from '../src/previews/preview-domain.ts'

interface TestBackend extends Backend {
  readonly producer: Producer
  readonly logWriter: LogWriter
  readonly subscriber: Subscriber
  /** Counts; `flush` writes what it has counted. */
  readonly recorder: StatsWriter
  readonly leases: Leases
}

const RETENTION_MS = 60_000
const DEFAULTS = readConfig(configSchema, {})

export interface Api {
  readonly app: App
  /** Every route that the app registered, those for HEAD too. Tests that check all routes take them from here. */
  readonly routes: readonly RouteOptions[]
  /** The parts that the API and its operations use in Redis. */
  readonly backend: TestBackend
  /** Plays a worker, with the packages that the worker uses. */
  readonly work: (
    run: (delivery: Delivery, publisher: Publisher) => Promise<void>,
    options?: { readonly lockMs: number },
  ) => Promise<void>
  /** Listens and returns the URL, without a slash at its end. */
  readonly listen: () => Promise<string>
}

/** The API on a Redis. It is closed with all its parts when `resources` is disposed. */
export const startApi = async (options: {
  redisUrl: string
  prefix: string
  resources: AsyncDisposableStack
  heartbeatMs?: number
  streamsPerTenant?: number
  origins?: readonly string[]
  /** False: as if other machines could reach it. */
  isPrivate?: boolean
  log?: Logger
  trustedProxies?: readonly string[]
  bounds?: QueueBounds
  /** By default nothing is dropped. */
  keptBounds?: KeptBounds
  retentionMs?: number
  /** By default there is no built console. */
  consoleFolder?: string
  /** Where files are kept. By default nowhere: every upload fails. */
  blobsFolder?: string
  fileBounds?: { readonly files: number; readonly bytes: number }
  maxFileBytes?: number
  previewDomain?: string
  frameAncestors?: readonly string[]
  previewSilentMs?: number
  session?: { readonly idleMs: number; readonly lifetimeMs: number }
}): Promise<Api> => {
  const { redisUrl, prefix, resources, heartbeatMs, origins = [], isPrivate = true } = options
  const { retentionMs = RETENTION_MS, bounds = DEFAULTS.bounds, streamsPerTenant = DEFAULTS.streamsPerTenant } = options
  const { consoleFolder = '/nonexistent', session = DEFAULTS.session } = options
  const { trustedProxies = [], log = createLogger({ name: 'api', level: 'silent' }) } = options
  const { keptBounds = NO_KEPT_BOUNDS } = options
  const { blobsFolder = '/dev/null/blobs', fileBounds = DEFAULTS.files.bounds } = options
  const { maxFileBytes = DEFAULTS.files.maxBytes } = options
  const common = { prefix, retentionMs, keptBounds }

  const connect = async (role: 'command' | 'subscriber' | 'blocking') => {
    const redis = connectRedis(redisUrl, { role, log })
    resources.defer(() => redis.disconnect())
    if (redis.status !== 'ready') await once(redis, 'ready')
    return redis
  }
  const redis = await connect('command')
  const producer = resources.use(createProducer({ redis, ...common, bounds }))
  const subscriptions = await connect('subscriber')
  const subscriber = resources.use(createSubscriber({ redis, subscriber: subscriptions, prefix, log }))
  const jobs = { redis, producer, subscriber, logWriter: createLogWriter({ redis, ...common }) }
  const recorder = resources.use(createStatsWriter({ redis, prefix, sample: producer.size }))
  const workers = createWorkerDirectory({ redis, prefix })
  const metrics = createApiMetrics({ countJobs: producer.size, countWorkers: workers.count })
  const keys = createKeys({ redis, prefix })
  const history = createHistory({ redis, ...common })
  const jobIds = createJobIds({ redis, prefix })
  const sandboxIds = createSandboxIds({ redis, prefix })
  const records = createSandboxRecords({ redis, ...common })
  const files = resources.use(await openFiles({ folder: blobsFolder, s3: undefined, redis, prefix, retentionMs, log }))
  const parts = {
    jobIds,
    ...jobs,
    history,
    programs: createPrograms({ redis, ...common }),
    sandboxIds,
    records,
    sites: createSites({ redis, ...common }),
    siteLog: createSiteLog({ redis, ...common, logWriter: jobs.logWriter }),
    keys,
    files,
    fileBounds,
    maxFileBytes,
    tenantCount: resources.use(createTenantCount({ redis, subscriber: subscriptions, prefix })),
    recorder: recordBy(recorder, metrics.recorder),
    languages: [...LANGUAGES, HTML],
    policy: LIMITS,
    log,
  }
  const accessTokens = createAccessTokens({ redis, prefix })
  const leases = createLeases({ redis, prefix })
  const gateway = resources.use(createGateway({ leases, records }))
  const previewRequests = resources.use(createPreviewRequests({ redis, ...common }))
  const sandboxParts = {
    ...parts,
    accessTokens,
    states: resources.use(createSandboxStates({ subscriber: subscriptions, prefix })),
    gateway,
    previewRequests,
    workers,
    sandboxPolicy: SANDBOX_LIMITS,
    servePolicy: SERVE_LIMITS,
    sandboxesPerTenant: DEFAULTS.sandboxesPerTenant,
  }
  const operations = createOperations(sandboxParts)
  const sandboxes = createSandboxOperations(sandboxParts)
  const backend: TestBackend = {
    ...jobs,
    recorder,
    jobIds,
    sandboxIds,
    accessTokens,
    records,
    previewRequests,
    leases,
    browserRuns: resources.use(createBrowserRuns({ redis, subscriber: subscriptions, prefix })),
    workers,
    keys,
    tenants: createTenants({ redis, prefix }),
    tickets: createTickets({ redis, prefix }),
    stats: createStatsReader({ redis, prefix }),
    sessions: createSessions({ redis, prefix, ...session }),
  }
  const callers = resources.use(createCallerDirectory({ ...backend, subscriber: subscriptions, prefix, isPrivate }))
  const app = createApp({
    operations,
    sandboxes,
    backend,
    recorder: recordBy(recorder, metrics.recorder),
    metrics,
    prefix,
    callers,
    log,
    policy: LIMITS,
    sandboxPolicy: SANDBOX_LIMITS,
    servePolicy: SERVE_LIMITS,
    origins,
    trustedProxies,
    streamsPerTenant,
    maximumConnections: DEFAULTS.maximumConnections,
    consoleFolder,
    gateway,
    siteOperations: createSiteOperations(parts),
    previewDomain: readPreviewDomain(options.previewDomain ?? 'localhost'),
    frameAncestors: options.frameAncestors,
    previewSilentMs: options.previewSilentMs,
    ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
  })
  resources.defer(() => app.close())
  const routes: RouteOptions[] = []
  app.addHook('onRoute', (route) => void routes.push(route))
  await app.ready()

  return {
    app,
    routes,
    backend,
    async work(run, settings) {
      const publisher = createPublisher({ redis: await connect('command'), ...common })
      const consumer = createConsumer(
        { redis: await connect('blocking'), ...common, concurrency: 4, log, ...settings },
        async (delivery) => {
          await run(delivery, {
            open(jobId, attempt) {
              const jobLog = publisher.open(jobId, attempt)
              const toCommands: EndCommands = (end) => history.endCommands(delivery.job, end)
              return { ...jobLog, finish: (outcome, usage, _, kept) => jobLog.finish(outcome, usage, toCommands, kept) }
            },
          })
          return 'done'
        },
      )
      resources.defer(() => consumer.stop(0))
    },
    listen: () => app.listen({ host: '127.0.0.1', port: 0 }),
  }
}

const JOB_URL = '/v1/jobs/:id'

/** Every route below one job: its method, and what follows the job's id in its URL. */
export const requestsToJobs = ({ routes }: Pick<Api, 'routes'>) =>
  routes
    .filter(({ url }) => url.startsWith(JOB_URL))
    .flatMap(({ method, url }) => [method].flat().map((one) => ({ method: one, path: url.slice(JOB_URL.length) })))
