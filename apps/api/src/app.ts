import websocket from '@fastify/websocket'
import { createSubmissionSchema, type LimitsPolicy, RequestError } from '@runnel/contract'
import type { Language } from '@runnel/languages'
import type { Logger } from '@runnel/process'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import type { Backend } from './backend.ts'
import { BODY_BYTES, setBodyParsers } from './body-parsers.ts'
import { type BrowserPolicy, guardAgainstPages } from './browser-guard.ts'
import { trackConnections } from './connections.ts'
import { answerError, answerUnknownRoute, answerUnreadable, createRequestId } from './errors/error-answers.ts'
import { addRoute, type RouteTable } from './errors/route-table.ts'
import { closeSockets, onSocketError } from './events/close-sockets.ts'
import { HEARTBEAT_MS } from './events/heartbeat.ts'
import { QUEUE_MS } from './jobs/execute-code.ts'
import { describeApi } from './openapi.ts'
import { eventsRoutes } from './routes/events.ts'
import { executeRoutes } from './routes/execute.ts'
import { healthRoutes } from './routes/health.ts'
import { jobRoutes } from './routes/job.ts'
import { jobsRoutes } from './routes/jobs.ts'
import { languagesRoutes } from './routes/languages.ts'
import { stdinRoutes } from './routes/stdin.ts'
import { streamRoutes } from './routes/stream.ts'
import { validatorCompiler } from './validator-compiler.ts'
import { createWhileConnected } from './while-connected.ts'

/** For a request to arrive in. Node counts from the connection on, so a client that sends nothing is dropped too. */
const HEADERS_MS = 10_000
const REQUEST_MS = 30_000
/** A connection that moves no byte for so much longer than any answer may take is dead. Heartbeats keep streams well within. */
const SILENCE_MS = 30_000
/** What is still open this long after the close began is cut. */
const CLOSE_MS = 3_000

interface AppParts {
  readonly backend: Backend
  readonly log: Logger
  /** What this deployment runs. */
  readonly languages: readonly Language[]
  readonly policy: LimitsPolicy
  readonly browsers: BrowserPolicy
  readonly heartbeatMs?: number
}

export type App = FastifyInstance

/** The API, ready to listen or to be injected into. Closing it ends every open stream; its parts stay the caller's. */
export const createApp = (parts: AppParts): App => {
  const { backend, log, languages, policy, browsers, heartbeatMs = HEARTBEAT_MS } = parts
  const routes: RouteTable = new Map()
  const loggerInstance: FastifyBaseLogger = log
  const app = Fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: createRequestId,
    // What is logged of a request says its id itself: a logger a request would be made for nothing.
    childLoggerFactory: (logger) => logger,
    bodyLimit: BODY_BYTES,
    connectionTimeout: policy.wallMs.default + QUEUE_MS + SILENCE_MS,
    requestTimeout: REQUEST_MS,
    http: { headersTimeout: HEADERS_MS },
    return503OnClosing: false,
    exposeHeadRoutes: true,
    frameworkErrors: answerError,
    clientErrorHandler: answerUnreadable,
  }).withTypeProvider<ZodTypeProvider>()

  const closing = new AbortController()
  const connections = trackConnections(app.server)
  app.setValidatorCompiler(validatorCompiler)
  // What is answered was made here and is checked by its types; clients' parts are what is parsed.
  app.setSerializerCompiler(() => JSON.stringify)
  app.setErrorHandler(answerError)
  app.setNotFoundHandler(answerUnknownRoute(routes))
  setBodyParsers(app)
  app.addHook('onRoute', ({ url, method }) => addRoute(routes, url, method))
  app.register(websocket, {
    options: { maxPayload: BODY_BYTES, perMessageDeflate: false },
    errorHandler: onSocketError,
    // Streams end first: the server then has no connection left to wait for.
    preClose: async () => {
      closing.abort()
      setTimeout(connections.cutAll, CLOSE_MS).unref()
      await closeSockets(app.websocketServer)
    },
  })
  // Only now: a refused upgrade must have passed the plugin, or nobody would close its connection.
  app.after(() => {
    guardAgainstPages(app, browsers)
    app.addHook('onRequest', async ({ url }) => {
      if (closing.signal.aborted && !url.startsWith('/health/')) {
        throw new RequestError('shutting-down', 'The server is stopping: try again shortly')
      }
    })
  })
  describeApi(app, policy)

  const options = {
    backend,
    languages,
    submissionSchema: createSubmissionSchema(policy),
    heartbeatMs,
    closing: closing.signal,
    whileConnected: createWhileConnected(closing.signal),
  }
  app.register(jobsRoutes, options)
  app.register(jobRoutes, options)
  app.register(stdinRoutes, options)
  app.register(eventsRoutes, options)
  app.register(streamRoutes, { ...options, policy })
  app.register(executeRoutes, options)
  app.register(languagesRoutes, options)
  app.register(healthRoutes, options)
  return app
}
