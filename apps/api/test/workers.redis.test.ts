import { workerListSchema } from '@runnel/contract/public'
import { redisTest as test } from '@runnel/redis/testing'
import { describe, expect } from 'vitest'
import { startApi } from './api.ts'
import { collectLog } from './collect-log.ts'
import { holdKey } from './key-holder.ts'

const REPORT = {
  host: 'blue',
  version: '1.2.3',
  startedAt: '2026-01-01T00:00:00.000Z',
  concurrency: 4,
  busy: 1,
  pool: { idle: 2, bound: 8 },
  sandboxes: { running: 0, bound: 4 },
  isolation: { served: 'job' },
  state: 'ready',
} as const

describe('The workers', () => {
  test('are listed, drained and resumed by an admin, and each change is logged', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const { log, lines } = collectLog()
    const api = await startApi({ redisUrl, prefix, resources, log })
    const admin = await holdKey(api, { tenant: 'operators', scopes: ['admin'] })
    const call = (method: 'GET' | 'POST', url: string) => api.app.inject({ method, url, headers: admin.headers })
    expect((await call('GET', '/v1/workers')).json()).toEqual({ workers: [], leftOut: 0 })

    await api.backend.workers.beat('blue-1', REPORT)
    const { state, ...reported } = REPORT
    const facts = { id: 'blue-1', ...reported, alive: true, lastSeenAt: expect.any(String) }
    const ready = { ...facts, ready: true, state, drained: false }
    const list = (await call('GET', '/v1/workers')).json()
    expect(workerListSchema.parse(list)).toEqual({ workers: [ready], leftOut: 0 })

    const drained = await call('POST', '/v1/workers/blue-1/drain')
    expect([drained.statusCode, drained.json()]).toEqual([
      200,
      {
        ...facts,
        ready: false,
        state: 'draining',
        drained: true,
        reason: 'It was told to take no new jobs; 1 running job ends first.',
      },
    ])
    const health = await api.app.inject('/health/ready')
    expect(health.json()).toMatchObject({ workers: 0, workersNotReady: 1, workersDrained: 1 })
    expect(health.json()).not.toHaveProperty('isolation')
    const resumed = await call('POST', '/v1/workers/blue-1/resume')
    expect([resumed.statusCode, resumed.json()]).toEqual([200, ready])
    const changes = lines().filter(({ workerId }) => workerId === 'blue-1')
    expect(changes).toEqual([
      expect.objectContaining({ msg: 'A worker was drained', by: admin.key.id, from: '127.0.0.1' }),
      expect.objectContaining({ msg: 'A worker was resumed', by: admin.key.id, from: '127.0.0.1' }),
    ])
  })

  test('that are unknown, dead or have a strange id cannot be drained, and nothing is logged', async ({
    redis,
    redisUrl,
    prefix,
    redisKeys,
    resources,
  }) => {
    const { log, lines } = collectLog()
    const api = await startApi({ redisUrl, prefix, resources, log })
    const { headers } = await holdKey(api, { scopes: ['admin'] })
    await api.backend.workers.beat('dead', REPORT)
    await redis.zadd(redisKeys.workers, Date.now() - 16_000, 'dead')
    for (const [id, status, code] of [
      ['stranger', 404, 'worker-not-found'],
      ['', 404, 'worker-not-found'],
      ['a%20b', 404, 'worker-not-found'],
      ['%00', 404, 'worker-not-found'],
      ['*', 404, 'worker-not-found'],
      ['..%2f', 404, 'worker-not-found'],
      ['x'.repeat(101), 404, 'not-found'],
      ['dead', 409, 'worker-dead'],
    ] as const) {
      for (const act of ['drain', 'resume']) {
        const answer = await api.app.inject({ method: 'POST', url: `/v1/workers/${id}/${act}`, headers })
        expect([id, act, answer.statusCode, answer.json().error.code]).toEqual([id, act, status, code])
      }
    }
    expect(lines().filter(({ msg }) => String(msg).startsWith('A worker'))).toEqual([])
  })

  test('are not for a key without the scope admin', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    await api.backend.workers.beat('blue-1', REPORT)
    const { headers } = await holdKey(api, { scopes: ['submit', 'read'] })
    for (const [method, url] of [
      ['GET', '/v1/workers'],
      ['POST', '/v1/workers/blue-1/drain'],
      ['POST', '/v1/workers/blue-1/resume'],
    ] as const) {
      const answer = await api.app.inject({ method, url, headers })
      expect([url, answer.statusCode, answer.json().error.code]).toEqual([url, 403, 'forbidden'])
    }
    expect((await api.backend.workers.list()).workers).toMatchObject([{ drained: false }])
  })
})
