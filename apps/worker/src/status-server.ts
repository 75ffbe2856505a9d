import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { Worker } from '@runnel/contract/public'
import type { ListenAddress, Logger } from '@runnel/process'
import type { Metrics } from '@runnel/process/metrics'
import { toListenError } from './listen-error.ts'

/** A scraper needs one connection. A few scrapers and a health check may come at once. */
const CONNECTIONS = 20
const HEADER_BYTES = 8_192
/** A request has no body and a few headers. */
const REQUEST_TIMEOUT_MS = 5_000
/** No answer is larger than some 100 KB. */
const IDLE_TIMEOUT_MS = 10_000

const JSON_TYPE = 'application/json; charset=utf-8'
const TEXT_TYPE = 'text/plain; charset=utf-8'

const send = (response: ServerResponse, status: number, type: string, body: string): void => {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
  response.end(body)
}

/** Whether it can do what it is there for. A drained worker can: somebody wants it so, and nothing should restart it. */
const isWell = ({ state }: Worker): boolean => state === 'ready' || state === 'draining' || state === 'drained'

/**
 * Answers `GET /metrics` for Prometheus and `GET /health` for people and health checks, and nothing else. It asks for no key, so
 * the address must be one that only they can reach. Metrics tell of no tenant and of no job.
 */
export const startStatusServer = async (options: {
  readonly address: ListenAddress
  readonly metrics: Metrics
  /** This worker as operators see it. */
  readonly describe: () => Worker
  readonly log: Logger
}): Promise<AsyncDisposable> => {
  const { address, metrics, describe, log } = options

  const answer = async (method: string | undefined, path: string | undefined, response: ServerResponse) => {
    if (path !== '/metrics' && path !== '/health') {
      return send(response, 404, TEXT_TYPE, 'There are /metrics and /health here\n')
    }
    if (method !== 'GET' && method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD')
      return send(response, 405, TEXT_TYPE, 'This answers GET and HEAD\n')
    }
    if (path === '/metrics') return send(response, 200, metrics.contentType, await metrics.read())
    const worker = describe()
    return send(response, isWell(worker) ? 200 : 503, JSON_TYPE, `${JSON.stringify(worker)}\n`)
  }

  const server = createServer({
    maxHeaderSize: HEADER_BYTES,
    headersTimeout: REQUEST_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: 1_000,
    keepAliveTimeout: IDLE_TIMEOUT_MS,
  })
  server.maxConnections = CONNECTIONS
  server.timeout = IDLE_TIMEOUT_MS
  server.on('request', ({ method, url }, response) => {
    answer(method, url?.split('?', 1)[0], response).catch((err: unknown) => {
      log.error({ err }, 'Cannot answer a scrape')
      response.destroy()
    })
  })
  try {
    server.listen(address.port, address.host)
    await once(server, 'listening')
  } catch (error) {
    throw toListenError(error, 'RUNNEL_WORKER_LISTEN', address)
  }
  const bound = server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port
  log.info(`The worker shows its metrics at http://${address.host}:${port}/metrics and its health at /health`)
  return {
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
