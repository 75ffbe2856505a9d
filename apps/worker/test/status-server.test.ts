import { request } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { createLogger, StartError } from '@runnel/process'
import type { WorkerReport } from '@runnel/registry'
import { toWorker } from '@runnel/registry'
import { afterEach, describe, expect, test } from 'vitest'
import { createWorkerMetrics } from '../src/metrics.ts'
import { startStatusServer } from '../src/status-server.ts'

const REPORT: WorkerReport = {
  host: 'blue',
  version: '1',
  startedAt: '2026-01-01T00:00:00.000Z',
  concurrency: 4,
  busy: 1,
  pool: { idle: 2, bound: 8 },
  sandboxes: { running: 0, bound: 4 },
  isolation: { served: 'job' },
  state: 'ready',
}

let resources = new AsyncDisposableStack()
afterEach(async () => {
  await resources.disposeAsync()
  resources = new AsyncDisposableStack()
})

const start = async (report: WorkerReport = REPORT, isDrained = false): Promise<number> => {
  const lines: string[] = []
  const log = createLogger({ name: 'worker', level: 'info', destination: { write: (line) => void lines.push(line) } })
  const { metrics } = createWorkerMetrics(
    () => report,
    () => isDrained,
  )
  const describeWorker = () => toWorker('blue-1', report, { lastSeenAt: new Date(0), isAlive: true, isDrained })
  const address = { host: '127.0.0.1', port: 0 }
  resources.use(await startStatusServer({ address, metrics, describe: describeWorker, log }))
  return Number(/127\.0\.0\.1:(\d+)/.exec(lines.join())?.[1])
}

const get = async (port: number, path: string, method = 'GET') => {
  const sent = request({ port, path, method, agent: false })
  sent.end()
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number | undefined; body: string }>()
  sent.on('response', (response) =>
    text(response).then((body) => resolve({ status: response.statusCode, body }), reject),
  )
  sent.on('error', reject)
  return promise
}

describe("A worker's status server", () => {
  test.each([
    ['ready', REPORT, false, 200, 'ready'],
    ['drained', { ...REPORT, busy: 0 }, true, 200, 'drained'],
    ['without an engine', { ...REPORT, state: 'no-engine' }, false, 503, 'no-engine'],
    ['stopping', { ...REPORT, state: 'stopping' }, false, 503, 'stopping'],
  ] as const)('says that the worker is %s', async (_name, report, isDrained, status, state) => {
    const port = await start(report, isDrained)
    const health = await get(port, '/health')
    expect([health.status, JSON.parse(health.body).state]).toEqual([status, state])
    const { body } = await get(port, '/metrics')
    expect(body).toContain(`runnel_worker_ready ${Number(state === 'ready')}\n`)
    expect(body).toContain(`runnel_worker_drained ${Number(isDrained)}\n`)
  })

  test('answers nothing else, and says what it answers', async () => {
    const port = await start()
    expect(await get(port, '/')).toEqual({ status: 404, body: 'There are /metrics and /health here\n' })
    expect((await get(port, '/metrics/../etc/passwd')).status).toBe(404)
    expect(await get(port, '/metrics', 'POST')).toEqual({ status: 405, body: 'This answers GET and HEAD\n' })
    expect((await get(port, '/metrics?x=1', 'HEAD')).status).toBe(200)
  })

  test('keeps twenty connections at most, and refuses headers of more than 8 KiB', async () => {
    const port = await start()
    const open = Array.from({ length: 25 }, () => connect({ port, host: '127.0.0.1' }))
    resources.defer(() => {
      for (const socket of open) socket.destroy()
    })
    const closed = await Promise.all(
      open.map((socket) => {
        const { promise, resolve } = Promise.withResolvers<boolean>()
        socket.on('error', () => {})
        socket.on('close', () => resolve(true))
        socket.on('data', () => resolve(false))
        socket.write('GET /health HTTP/1.1\r\nHost: a\r\n\r\n')
        return promise
      }),
    )
    expect(closed.filter(Boolean)).toHaveLength(5)
    for (const socket of open) socket.destroy()
    await expect
      .poll(() =>
        get(port, `/health?${'x'.repeat(9_000)}`).then(
          ({ status }) => status,
          () => 0,
        ),
      )
      .toBe(431)
  })

  test('whose port is taken says so', async () => {
    const port = await start()
    const { metrics } = createWorkerMetrics(
      () => REPORT,
      () => false,
    )
    const again = startStatusServer({
      address: { host: '127.0.0.1', port },
      metrics,
      describe: () => toWorker('blue-1', REPORT, { lastSeenAt: new Date(0), isAlive: true, isDrained: false }),
      log: createLogger({ name: 'worker', level: 'silent' }),
    })
    await expect(again).rejects.toThrow(StartError)
    await expect(again).rejects.toThrow(`RUNNEL_WORKER_LISTEN: port ${port} of 127.0.0.1 is taken`)
  })
})
