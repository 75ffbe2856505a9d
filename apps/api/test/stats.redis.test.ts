import { statsSchema } from '@runnel/contract/public'
import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { type Api, startApi } from './api.ts'
import { openStream } from './clients.ts'
import { holdKey, submitAs } from './key-holder.ts'

const readStats = async ({ app, backend }: Api, headers: Readonly<Record<string, string>>) => {
  await backend.recorder.flush()
  return statsSchema.parse((await app.inject({ url: '/v1/stats', headers })).json())
}

describe('The numbers of the last hours', () => {
  test('count each submission once: accepted, or refused by its code, over HTTP and WebSocket', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const bounds = { queued: 50, tenant: { queued: 2, running: 1 } }
    const api = await startApi({ redisUrl, prefix, resources, bounds })
    const admin = await holdKey(api, { tenant: 'operators', scopes: ['admin'] })
    const holder = await holdKey(api)
    const post = (url: string, headers: Readonly<Record<string, string>>, payload: string | object) =>
      api.app.inject({ method: 'POST', url, headers: { 'content-type': 'application/json', ...headers }, payload })

    const id = await submitAs(api, holder)
    const again = { ...holder.headers, 'idempotency-key': 'once' }
    for (const _ of Array(2)) await post('/v1/jobs', again, { code: 'print(1)' })
    expect((await post('/v1/jobs', holder.headers, { code: 'print(1)' })).statusCode).toBe(429)
    await post('/v1/jobs', holder.headers, '{')
    await post('/v1/jobs', holder.headers, { code: '' })
    await post('/execute', {}, { code: 'print(1)' })
    await post('/v1/jobs', admin.headers, { code: 'print(1)' })
    // None of these is a submission.
    await post('/v1/tickets', holder.headers, {})
    await post('/v1/nothing', holder.headers, {})

    const url = await api.listen()
    const stream = await openStream(url, holder.headers)
    resources.defer(() => stream.socket.close())
    stream.send({ type: 'submit', ref: 'full', job: { code: 'print(1)' } })
    stream.send({ type: 'submit', ref: 'wrong', job: { code: 7 } })
    stream.send({ type: 'subscribe', ref: 'none', jobId: `job_${'0'.repeat(32)}` })
    await eventually(() => expect(stream.answerTo('none')).toMatchObject({ type: 'error' }))

    await api.backend.recorder.flush()
    await api.app.inject({ method: 'DELETE', url: `/v1/jobs/${id}`, headers: holder.headers })
    await api.app.inject({ method: 'DELETE', url: `/v1/jobs/${id}`, headers: holder.headers })
    const { series, totals } = await readStats(api, admin.headers)
    expect(totals).toMatchObject({
      accepted: 2,
      refused: { 'queue-full': 2, 'invalid-request': 3, unauthorized: 1, forbidden: 1 },
      ended: { canceled: 1, succeeded: 0, 'sandbox-failed': 0 },
      waitMs: { count: 0, p50: null },
    })
    expect(Math.max(...series.waiting.highest.map(Number))).toBe(2)
    expect(series.running.highest.at(-1)).toBe(0)
  })

  test.for([
    ['from=yesterday', 'Cannot read from: it must be a time such as'],
    ['from=NaN', 'Cannot read from: it must be a time such as'],
    ['from=-1', 'Cannot read from: it must be a time such as'],
    ['from=', 'Cannot read from: it must be a time such as'],
    ['from=1970-01-01T00:00:00Z', 'Cannot read from: numbers are kept for 30 days'],
    ['to=1970-01-01T00:00:00Z', 'Cannot read from: numbers are kept for 30 days'],
    ['from=9999-01-01T00:00:00Z', 'Cannot read from: it must be before `to`'],
    ['from=9998-01-01T00:00:00Z&to=9999-01-01T00:00:00Z', 'Cannot read from: it must not be in the future'],
    ['step=0', 'Cannot read step: it must be a whole number from 60000 to 2592000000'],
    ['step=-60000', 'Cannot read step: it must be a whole number from 60000'],
    ['step=1e9', 'Cannot read step: it must be a whole number from 60000'],
    ['step=60001', 'Cannot read step: it must be whole minutes, in milliseconds'],
    ['step=99999999999999999999', 'Cannot read step: it must be a whole number from 60000'],
    ['steps=60000', 'unknown field "steps"'],
    ['from=2026-01-01T00:00:00Z&from=2026-01-01T00:00:00Z', 'Cannot read from'],
  ])('are refused for ?%s: %s', async ([query, message], { redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const { headers } = await holdKey(api, { scopes: ['admin'] })
    const refused = await api.app.inject({ url: `/v1/stats?${query}`, headers })
    expect([refused.statusCode, refused.json().error.code]).toEqual([400, 'invalid-request'])
    expect(refused.json().error.message).toContain(message)
  })
})
