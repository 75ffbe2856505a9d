import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { type Api, startApi } from './api.ts'
import { openStream } from './clients.ts'
import { holdKey, submitAs } from './key-holder.ts'

const REPORT = {
  host: 'blue',
  version: '1',
  startedAt: '2026-01-01T00:00:00.000Z',
  concurrency: 1,
  busy: 0,
  pool: { idle: 0, bound: 0 },
  sandboxes: { running: 0, bound: 4 },
  isolation: { served: 'job' },
  state: 'ready',
} as const

const scrape = async ({ app }: Api, headers: Readonly<Record<string, string>>): Promise<string> => {
  const answer = await app.inject({ url: '/metrics', headers })
  expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
  return answer.body
}

describe('The metrics of the API', () => {
  test('count submissions, requests and streams, and measure queue and workers', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const { headers } = await holdKey(api, { tenant: 'operators', scopes: ['admin'] })
    const holder = await holdKey(api, { tenant: 'secret-tenant' })
    for (const _ of Array(2)) await submitAs(api, holder)
    await api.app.inject({ method: 'POST', url: '/v1/jobs', headers: holder.headers, payload: { code: '' } })
    await api.app.inject({ url: '/v1/made-up/secret-path', headers })
    await api.backend.workers.beat('a', REPORT)
    await api.backend.workers.beat('b', REPORT)
    await api.backend.workers.setDrained('b', true)
    const stream = await openStream(await api.listen(), holder.headers)
    const text = await scrape(api, headers)
    for (const sample of [
      'runnel_jobs_accepted_total 2',
      'runnel_submissions_refused_total{code="invalid-request"} 1',
      'runnel_submissions_refused_total{code="queue-full"} 0',
      'runnel_jobs_ended_total{outcome="canceled"} 0',
      'runnel_queue_waiting_jobs 2',
      'runnel_queue_running_jobs 0',
      'runnel_workers{state="ready"} 1',
      'runnel_workers{state="drained"} 1',
      'runnel_workers{state="not_ready"} 0',
      'runnel_redis_up 1',
      'runnel_open_streams 1',
      'runnel_build_info{app="api",version="0.1.0"} 1',
      'runnel_http_request_duration_seconds_count{method="POST",route="/v1/jobs",status="202"} 2',
      'runnel_http_request_duration_seconds_count{method="GET",route="none",status="404"} 1',
    ]) {
      expect(text.split('\n')).toContain(sample)
    }
    expect(text).toMatch(/^process_cpu_seconds_total \d/m)
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds \d/m)
    expect(text).not.toMatch(/secret|job_[0-9a-f]/)
    stream.socket.close()
    await eventually(async () => expect(await scrape(api, headers)).toContain('\nrunnel_open_streams 0\n'))
  })

  test('follow the rules for names: a prefix, base units, and _total for counters', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const { headers } = await holdKey(api, { scopes: ['admin'] })
    const text = await scrape(api, headers)
    const types = [...text.matchAll(/^# TYPE (runnel_\w+) (\w+)$/gm)].map(([, name = '', type = '']) => ({
      name,
      type,
    }))
    expect(types.length).toBeGreaterThan(8)
    for (const { name, type } of types) {
      expect(name).toMatch(/^runnel_[a-z_]+$/)
      expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter'])
      if (type === 'histogram') expect(name).toMatch(/_seconds$/)
      expect(name).not.toMatch(/_ms$|_milliseconds|_kb$|_mib$/)
    }
  })

  test('are for the scope admin, and no value of Redis is made up while Redis is away', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const admin = await holdKey(api, { scopes: ['admin'] })
    const reader = await holdKey(api, { scopes: ['submit', 'read'] })
    expect((await api.app.inject({ url: '/metrics', headers: reader.headers })).statusCode).toBe(403)
    expect(await scrape(api, admin.headers)).toContain('\nrunnel_queue_waiting_jobs 0\n')
    api.backend.redis.disconnect()
    const text = await scrape(api, admin.headers)
    expect(text).toContain('\nrunnel_redis_up 0\n')
    expect(text).not.toMatch(/^runnel_(queue|workers)/m)
  })
})
