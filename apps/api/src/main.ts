import { fileURLToPath } from 'node:url'
import { openFiles } from '@runnel/blobs'
import { createGateway } from '@runnel/gateway/client'
import {
  createOperations,
  createSandboxOperations,
  createSiteOperations,
  endDueSites,
  endLostSandboxes,
  endUntakenJobs,
  sweepFiles,
} from '@runnel/operations'
import { createLogWriter } from '@runnel/output/log-writer'
import { createSiteLog } from '@runnel/output/site-log'
import { createSubscriber } from '@runnel/output/subscriber'
import {
  boundRelease,
  createLogger,
  readConfig,
  runUntilSignal,
  StartError,
  warnOfUnknownSettings,
} from '@runnel/process'
import { createProducer } from '@runnel/queue/producer'
import { connectRedis, findEvictionRisk } from '@runnel/redis'
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
  recordBy,
  type SandboxChange,
  watchSandboxes,
} from '@runnel/registry'
import { createCallerDirectory } from './access/caller-directory.ts'
import { createApp } from './app.ts'
import { configSchema } from './config.ts'
import { createApiMetrics } from './metrics.ts'
import { requireKeys, requireOtherSite } from './start-checks.ts'

const listen = async (app: ReturnType<typeof createApp>, host: string, port: number): Promise<void> => {
  try {
    await app.listen({
      host,
      port,
      listenTextResolver: (url) => `The API is listening at ${url}, its reference at ${url}/docs`,
    })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EADDRINUSE') {
      throw new StartError(`Port ${port} of ${host} is taken: stop what listens there, or set RUNNEL_API_PORT`)
    }
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL') {
      throw new StartError(
        `Cannot listen on ${host}:${port}: set RUNNEL_API_HOST and RUNNEL_API_PORT to what this machine allows`,
      )
    }
    throw error
  }
}

/** What `vite build` makes. */
const CONSOLE_FOLDER = fileURLToPath(new URL('../../console/dist', import.meta.url))

/** Streams are cut after 3 s and a Redis command fails after 3 s. If stopping takes longer than both together, something hangs. */
const RELEASE_MS = 8_000

const serve = async (signal: AbortSignal, resources: AsyncDisposableStack): Promise<void> => {
  resources.use(boundRelease(signal, RELEASE_MS))
  const config = readConfig(configSchema)
  const { redisUrl, prefix, retentionMs, noWorkerTimeoutMs, host, isPrivate, bounds, keptBounds } = config
  const log = createLogger({ name: 'api', level: config.logLevel })
  warnOfUnknownSettings(log)

  const redis = connectRedis(redisUrl, { role: 'command', log })
  resources.defer(() => redis.disconnect())
  const subscriptions = connectRedis(redisUrl, { role: 'subscriber', log })
  resources.defer(() => subscriptions.disconnect())

  const producer = resources.use(createProducer({ redis, prefix, retentionMs, bounds, keptBounds }))
  const subscriber = resources.use(createSubscriber({ redis, subscriber: subscriptions, prefix, log }))
  const logWriter = createLogWriter({ redis, prefix, retentionMs, keptBounds })
  const history = createHistory({ redis, prefix, retentionMs })
  const workers = createWorkerDirectory({ redis, prefix })
  const statsWriter = resources.use(createStatsWriter({ redis, prefix, sample: producer.size }))
  const metrics = createApiMetrics({ countJobs: producer.size, countWorkers: workers.count })
  const recorder = recordBy(statsWriter, metrics.recorder)
  const { languages, policy } = config
  const keys = createKeys({ redis, prefix })
  const tenantCount = resources.use(createTenantCount({ redis, subscriber: subscriptions, prefix }))
  const files = resources.use(await openFiles({ ...config.files, redis, prefix, log }))
  const jobIds = createJobIds({ redis, prefix })
  const sandboxIds = createSandboxIds({ redis, prefix })
  const records = createSandboxRecords({ redis, prefix, retentionMs })
  const sites = createSites({ redis, prefix, retentionMs })
  const siteLog = createSiteLog({ redis, prefix, retentionMs, keptBounds, logWriter })
  const parts = {
    jobIds,
    tenantCount,
    redis,
    producer,
    logWriter,
    subscriber,
    history,
    programs: createPrograms({ redis, prefix, retentionMs }),
    sandboxIds,
    records,
    sites,
    siteLog,
    keys,
    files,
    fileBounds: config.files.bounds,
    maxFileBytes: config.files.maxBytes,
    languages,
    policy,
    recorder,
    log,
  }
  const leases = createLeases({ redis, prefix })
  const gateway = resources.use(createGateway({ leases, records }))
  const cutEnded = ({ id, status }: SandboxChange): void => {
    if (status === 'ended') gateway.cut(id)
  }
  resources.use(watchSandboxes({ subscriber: subscriptions, prefix }, cutEnded))
  const accessTokens = createAccessTokens({ redis, prefix })
  const previewRequests = resources.use(createPreviewRequests({ redis, prefix, retentionMs }))
  const sandboxParts = {
    ...parts,
    accessTokens,
    states: resources.use(createSandboxStates({ subscriber: subscriptions, prefix })),
    gateway,
    previewRequests,
    workers,
    sandboxPolicy: config.sandboxPolicy,
    servePolicy: config.servePolicy,
    sandboxesPerTenant: config.sandboxesPerTenant,
  }
  const operations = createOperations(sandboxParts)
  const sandboxes = createSandboxOperations(sandboxParts)
  const browserRuns = resources.use(createBrowserRuns({ redis, subscriber: subscriptions, prefix }))
  const backend = {
    redis,
    browserRuns,
    jobIds,
    sandboxIds,
    accessTokens,
    records,
    previewRequests,
    workers,
    keys,
    tenants: createTenants({ redis, prefix }),
    tickets: createTickets({ redis, prefix }),
    stats: createStatsReader({ redis, prefix }),
    sessions: createSessions({ redis, prefix, ...config.session }),
  }
  requireOtherSite(config)
  if (!isPrivate) await requireKeys(redis, backend.keys, host)
  const callers = resources.use(createCallerDirectory({ ...backend, subscriber: subscriptions, prefix, isPrivate }))
  const common = { history, logWriter, log }
  resources.use(endUntakenJobs({ ...common, workers, producer, sandboxRecords: records, recorder, noWorkerTimeoutMs }))
  resources.use(endLostSandboxes({ ...common, records, leases }))
  resources.use(endDueSites({ ...common, sites, siteLog, records, recorder }))
  resources.use(sweepFiles({ files, log }))

  const app = createApp({
    ...config,
    operations,
    sandboxes,
    backend,
    recorder,
    metrics,
    log,
    callers,
    gateway,
    siteOperations: createSiteOperations(parts),
    consoleFolder: CONSOLE_FOLDER,
  })
  resources.defer(() => app.close())
  await listen(app, host, config.port)
  const risk = await findEvictionRisk(redis, signal)
  if (risk !== undefined) throw new StartError(risk)
}

await runUntilSignal(serve)
