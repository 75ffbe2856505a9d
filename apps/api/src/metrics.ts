import { ERROR_STATUS, type ErrorCode } from '@runnel/contract/public'
import { Counter, countEnded, createMetrics, Gauge, Histogram, type Metrics } from '@runnel/process/metrics'
import type { JobRecorder, WorkerCount } from '@runnel/registry'
import type { FastifyInstance } from 'fastify'

export interface ApiMetrics {
  readonly contentType: string
  /** Measures the queue and the workers, and returns all metrics in the text format of Prometheus. */
  read(): Promise<string>
  readonly recorder: JobRecorder
  /** How many streams of events and WebSockets are open. */
  readonly openStreams: Pick<Gauge, 'inc' | 'dec'>
  /** Measures each request that `app` answers, apart from streams. */
  measure(app: FastifyInstance): void
}

const REQUEST_BUCKETS_SECONDS = [0.005, 0.025, 0.1, 0.5, 2.5, 10, 60]

/** No tenant is in a label, and no text that a caller chooses: a route is its pattern, and one that does not exist is `none`. */
const createRequestHistogram = ({ registry }: Metrics) =>
  new Histogram({
    name: 'runnel_http_request_duration_seconds',
    help: 'How long requests took, by method, route and status. Streams and WebSockets do not count.',
    labelNames: ['method', 'route', 'status'],
    buckets: REQUEST_BUCKETS_SECONDS,
    registers: [registry],
  })

/** What can be read only from Redis. While it is away these have no value, rather than one that is wrong. */
const createRedisGauges = ({ registry }: Metrics) => {
  const registers = [registry]
  return {
    up: new Gauge({ name: 'runnel_redis_up', help: '1 if Redis answered this scrape, else 0.', registers }),
    waiting: new Gauge({ name: 'runnel_queue_waiting_jobs', help: 'Jobs that wait, of all tenants.', registers }),
    running: new Gauge({
      name: 'runnel_queue_running_jobs',
      help: 'Jobs that workers have, of all tenants.',
      registers,
    }),
    workers: new Gauge({
      name: 'runnel_workers',
      help: 'Workers that are alive. ready: take jobs. drained: an operator said so. not_ready: any other reason.',
      labelNames: ['state'],
      registers,
    }),
  }
}

export const createApiMetrics = (options: {
  readonly countJobs: () => Promise<{ readonly waiting: number; readonly running: number }>
  readonly countWorkers: () => Promise<WorkerCount>
}): ApiMetrics => {
  const metrics = createMetrics('api')
  const registers = [metrics.registry]
  const gauges = createRedisGauges(metrics)
  const requests = createRequestHistogram(metrics)
  const openStreams = new Gauge({
    name: 'runnel_open_streams',
    help: 'WebSockets and streams of events that are open at this API.',
    registers,
  })
  const accepted = new Counter({ name: 'runnel_jobs_accepted_total', help: 'Jobs that this API accepted.', registers })
  const refused = new Counter({
    name: 'runnel_submissions_refused_total',
    help: 'Submissions that this API answered with an error, by its code.',
    labelNames: ['code'],
    registers,
  })
  for (const code of Object.keys(ERROR_STATUS)) refused.inc({ code }, 0)
  const ended = countEnded(metrics)

  const measureRedis = async (): Promise<void> => {
    try {
      const [{ waiting, running }, { ready, notReady, drained }] = await Promise.all([
        options.countJobs(),
        options.countWorkers(),
      ])
      gauges.up.set(1)
      gauges.waiting.set(waiting)
      gauges.running.set(running)
      for (const [state, count] of Object.entries({ ready, drained, not_ready: notReady - drained })) {
        gauges.workers.set({ state }, count)
      }
    } catch {
      gauges.up.set(0)
      gauges.waiting.remove()
      gauges.running.remove()
      gauges.workers.reset()
    }
  }

  return {
    contentType: metrics.contentType,
    async read() {
      await measureRedis()
      return metrics.read()
    },
    recorder: {
      accepted: () => accepted.inc(),
      refused: (code: ErrorCode) => refused.inc({ code }),
      ended: (outcome) => ended(outcome),
    },
    openStreams,
    measure(app) {
      app.addHook('onResponse', async ({ method, is404, routeOptions }, reply) => {
        if (!is404 && routeOptions.config.stream) return
        const route = is404 ? 'none' : (routeOptions.url ?? 'none')
        requests.observe({ method, route, status: reply.statusCode }, reply.elapsedTime / 1_000)
      })
    },
  }
}
