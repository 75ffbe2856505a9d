import { createServer, type RequestListener } from 'node:http'
import websocket from '@fastify/websocket'
import {
  createSubmissionSchema,
  type LimitsPolicy,
  type SandboxPolicy,
  type ServePolicy,
} from '@runnel/contract/public'
import type { Gateway } from '@runnel/gateway/client'
import { type Operations, QUEUE_WAIT_MS, type SandboxOperations, type SiteOperations } from '@runnel/operations'
import type { Logger } from '@runnel/process'
import type { JobRecorder } from '@runnel/registry'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { CALLER } from './access/caller.ts'
import type { CallerDirectory } from './access/caller-directory.ts'
import { guardRoutes } from './access/guard-routes.ts'
import { registerRateLimit } from './access/rate-limit.ts'
import { requireRouteAccess } from './access/route-access.ts'
import { setSecurityHeaders } from './access/security-headers.ts'
import { createStreamQuota } from './access/stream-quota.ts'
import type { Backend } from './backend.ts'
import { setBodyParsers } from './body-parsers.ts'
import { guardAgainstPages } from './browser-guard.ts'
import { createConnections } from './connections.ts'
import { registerConsole } from './console/register-console.ts'
import { countRefusals } from './count-refusals.ts'
import { answerError, answerUnknownRoute, answerUnreadable, createRequestId } from './errors/error-answers.ts'
import { answerByOurselves, ownAnswers } from './errors/own-answers.ts'
import { addRoute, type RouteTable } from './errors/route-table.ts'
import { toShuttingDown } from './errors/to-request-error.ts'
import { closeSockets, onSocketError } from './events/close-sockets.ts'
import { HEARTBEAT_MS } from './events/heartbeat.ts'
import { SOCKET_OPTIONS } from './events/socket-options.ts'
import { BODY_BYTES } from './input-bounds.ts'
import { createInputTurns } from './input-turns.ts'
import type { ApiMetrics } from './metrics.ts'
import { describeApi } from './openapi.ts'
import type { PreviewDomain } from './previews/preview-domain.ts'
import { createPreviews } from './previews/previews.ts'
import { refuseSameSite } from './previews/refuse-same-site.ts'
import { registerReference } from './reference.ts'
import { adminRoutes } from './routes/admin.ts'
import { eventsRoutes } from './routes/events.ts'
import { executeRoutes } from './routes/execute.ts'
import { filesRoutes } from './routes/files.ts'
import { healthRoutes } from './routes/health.ts'
import { jobRoutes } from './routes/job.ts'
import { jobsRoutes } from './routes/jobs.ts'
import { languagesRoutes } from './routes/languages.ts'
import { metricsRoutes } from './routes/metrics.ts'
import { programRoutes } from './routes/program.ts'
import { queueRoutes } from './routes/queue.ts'
import { resizeRoutes } from './routes/resize.ts'
import { sandboxRoutesPlugin } from './routes/sandboxes/index.ts'
import { sessionsRoutes } from './routes/sessions.ts'
import { signalRoutes } from './routes/signal.ts'
import { statsRoutes } from './routes/stats.ts'
import { stdinRoutes } from './routes/stdin.ts'
import { streamRoutes } from './routes/stream.ts'
import { ticketsRoutes } from './routes/tickets.ts'
import { workersRoutes } from './routes/workers.ts'
import { createServeSite } from './sites/serve-site.ts'
import { createUpgradeRouter } from './socket-io/route-upgrade.ts'
import { serveSocketIo } from './socket-io/serve-socket-io.ts'
import { SOCKET_IO_PATH, socketIoRoute } from './socket-io/socket-io-route.ts'
import { dispatchUpgrades } from './upgrade-dispatcher.ts'
import { createStreamedBodies } from './uploads/streamed-bodies.ts'
import { validatorCompiler } from './validator-compiler.ts'
import { createWhileConnected } from './while-connected.ts'

const SERVER_OPTIONS = {
  /** How long a request may take to arrive. Node counts from the start of the connection, so a client that sends nothing is cut too. */
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  /** How often Node looks for late requests. With its default of 30 s, each would have that much more time. */
  connectionsCheckingInterval: 1_000,
  /** How long a connection may wait for its next request. Load balancers keep theirs for a minute, and must close them first. */
  keepAliveTimeout: 72_000,
}
/** A connection without any byte for this much longer than the longest answer is dead. Heartbeats keep streams alive. */
const SILENT_CONNECTION_MS = 30_000
/** Connections that are open this long after closing started are cut. */
const CUT_AFTER_MS = 3_000

interface AppParts {
  readonly operations: Operations
  readonly sandboxes: SandboxOperations
  readonly backend: Backend
  readonly recorder: JobRecorder
  readonly metrics: ApiMetrics
  /** Every key in Redis starts with it. */
  readonly prefix: string
  readonly log: Logger
  readonly policy: LimitsPolicy
  readonly sandboxPolicy: SandboxPolicy
  readonly servePolicy: ServePolicy
  readonly callers: CallerDirectory
  /** Web pages of other origins that may call. */
  readonly origins: readonly string[]
  /** Addresses of proxies whose X-Forwarded-For is trusted. */
  readonly trustedProxies?: readonly string[]
  readonly heartbeatMs?: number
  /** The watchers of a job share one frame for each event; see `text-frame.ts`. */
  readonly sharesFrames?: boolean
  /** WebSockets and streams of events that one tenant may have open here at once. */
  readonly streamsPerTenant: number
  /** Connections that are open at once; one address may have half of them. */
  readonly maximumConnections: number
  /** Where the built console is. It need not be there: then `/` says how to build it. */
  readonly consoleFolder: string
  readonly gateway: Gateway
  readonly siteOperations: SiteOperations
  /** The names below it are those of previews. */
  readonly previewDomain: PreviewDomain
  /** Pages that may show previews in a frame; undefined: our own, on this machine. */
  readonly frameAncestors?: readonly string[] | undefined
  readonly previewSilentMs?: number | undefined
}

export type App = FastifyInstance

/** The API, ready to listen or for `inject`. Closing it ends every open stream. The caller closes the parts. */
export const createApp = (parts: AppParts): App => {
  const {
    operations,
    sandboxes,
    backend,
    recorder,
    metrics,
    prefix,
    log,
    policy,
    sandboxPolicy,
    servePolicy,
    callers,
    origins,
    trustedProxies = [],
    heartbeatMs = HEARTBEAT_MS,
    sharesFrames = true,
    streamsPerTenant,
    maximumConnections,
    consoleFolder,
    previewDomain,
  } = parts
  const streamedBodies = createStreamedBodies()
  const routes: RouteTable = new Map()
  const sockets: RouteTable = new Map()
  const connections = createConnections({ maximum: maximumConnections })
  const previews = createPreviews({
    ...{ ...parts, ...backend, trustedProxies, streamedBodies },
    serveSite: createServeSite(parts.siteOperations),
  })
  const loggerInstance: FastifyBaseLogger = log
  const app = Fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: createRequestId,
    // Log lines name the request's id themselves, so a request does not need its own logger.
    childLoggerFactory: (logger) => logger,
    bodyLimit: BODY_BYTES,
    trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
    serverFactory: (listener) => {
      const byHost: RequestListener = (request, response) => {
        if (previews.takes(request)) previews.serve(request, response)
        else listener(request, response)
      }
      const server = createServer({ ...SERVER_OPTIONS, ...ownAnswers(sockets, previews) }, connections.guard(byHost))
      server.setTimeout(policy.wallMs.default + QUEUE_WAIT_MS + SILENT_CONNECTION_MS)
      connections.watch(server)
      return server
    },
    return503OnClosing: false,
    exposeHeadRoutes: true,
    frameworkErrors: answerError,
    clientErrorHandler(error, socket) {
      if (!streamedBodies.isOpen(error, socket)) answerUnreadable(error, socket)
    },
  }).withTypeProvider<ZodTypeProvider>()

  const closing = new AbortController()
  app.setValidatorCompiler(validatorCompiler)
  // Answers are made here and checked by their types. Only what clients send is parsed.
  app.setSerializerCompiler(() => JSON.stringify)
  app.setErrorHandler(answerError)
  const answerUnknown = answerUnknownRoute(routes)
  app.setNotFoundHandler(answerUnknown)
  const inputTurns = createInputTurns()
  setBodyParsers(app, inputTurns)
  app.decorateRequest(CALLER, null)
  requireRouteAccess(app)
  app.addHook('onRoute', ({ url, method, wsHandler }) => {
    addRoute(routes, url, method)
    if (wsHandler !== undefined) addRoute(sockets, url, method)
  })
  const { take, upgradeOf } = createUpgradeRouter(app)
  const { rest } = dispatchUpgrades(app.server, new Map([[SOCKET_IO_PATH, take]]), previews)
  addRoute(sockets, SOCKET_IO_PATH, 'GET')
  app.register(websocket, {
    options: { server: rest, ...SOCKET_OPTIONS },
    errorHandler: onSocketError,
    // Streams end first, so that the server has no connection left to wait for.
    preClose: async () => {
      closing.abort()
      previews[Symbol.dispose]()
      setTimeout(connections.cutAll, CUT_AFTER_MS).unref()
      await Promise.all([closeSockets(app.websocketServer), socketIo.close()])
    },
  })
  const countStream = createStreamQuota(streamsPerTenant, metrics.openStreams)
  const count = registerRateLimit(app, { redis: backend.redis, prefix })
  // After the WebSocket plugin: it has to see a refused upgrade, or nothing would close its connection.
  app.after(() => {
    setSecurityHeaders(app)
    answerByOurselves(app, previews)
    streamedBodies.bound(app, answerUnreadable)
    refuseSameSite(app, previewDomain)
    guardAgainstPages(app, origins)
    app.addHook('onRequest', async ({ url }) => {
      // An open socket of socket.io may still take its last messages; its route refuses new ones.
      if (closing.signal.aborted && !url.startsWith('/health/') && !url.startsWith(SOCKET_IO_PATH)) {
        throw toShuttingDown()
      }
    })
    countRefusals(app, recorder)
    metrics.measure(app)
    const { jobIds, sandboxIds } = backend
    guardRoutes(app, { callers, jobIds, sandboxIds, count, countStream, inputTurns })
    // Before its body is looked at: what is wrong with that would hide that there is no such URL.
    app.addHook('onRequest', async (request, reply) => {
      if (!request.is404) return undefined
      answerUnknown(request, reply)
      return reply
    })
  })
  describeApi(app, policy, servePolicy)
  registerReference(app)
  app.register(async (scope) => registerConsole(scope, consoleFolder, parts.previewDomain))
  const options = {
    operations,
    sandboxes,
    backend,
    recorder,
    metrics,
    policy,
    sandboxPolicy,
    previewDomain,
    servePolicy,
    submissionSchema: createSubmissionSchema(policy, servePolicy),
    callers,
    count,
    inputTurns,
    heartbeatMs,
    sharesFrames,
    closing: closing.signal,
    whileConnected: createWhileConnected(closing.signal),
  }
  const socketIo = serveSocketIo({ ...options, countStream })
  app.register(socketIoRoute, { ...socketIo, inputTurns, upgradeOf, closing: closing.signal })
  app.register(healthRoutes, options)
  app.register(jobsRoutes, options)
  app.register(jobRoutes, options)
  app.register(programRoutes, options)
  app.register(stdinRoutes, options)
  app.register(signalRoutes, options)
  app.register(resizeRoutes, options)
  app.register(eventsRoutes, options)
  app.register(streamRoutes, options)
  app.register(executeRoutes, options)
  app.register(filesRoutes, options)
  app.register(sandboxRoutesPlugin, options)
  app.register(languagesRoutes, options)
  app.register(ticketsRoutes, options)
  app.register(sessionsRoutes, options)
  app.register(adminRoutes, options)
  app.register(workersRoutes, options)
  app.register(queueRoutes, options)
  app.register(statsRoutes, options)
  app.register(metricsRoutes, options)
  return app
}
