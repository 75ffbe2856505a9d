import { once } from 'node:events'
import { redisTest as test, watchCommands } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { WebSocket } from 'ws'
import { type Api, startApi } from './api.ts'
import { openStream } from './clients.ts'
import { holdKey, submitAs } from './key-holder.ts'

const openBounded = async (options: Parameters<typeof startApi>[0], limits: object) => {
  const api = await startApi(options)
  const admin = await holdKey(api, { tenant: 'ops', scopes: ['admin'] })
  const { headers } = admin
  const set = await api.app.inject({ method: 'PUT', url: '/v1/admin/tenants/acme', headers, payload: limits })
  expect(set.statusCode).toBe(200)
  return { api, acme: await holdKey(api), other: await holdKey(api, { tenant: 'other' }) }
}

const statusesOf = async ({ app }: Api, headers: Record<string, string>): Promise<string[]> =>
  (await app.inject({ url: '/v1/jobs', headers })).json().jobs.map(({ status }: { status: string }) => status)

describe('The limits that an admin sets for a tenant', () => {
  test('bound its waiting jobs, on every way to submit, and no other tenant’s', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const { api, acme, other } = await openBounded({ redisUrl, prefix, resources }, { queued: 2 })
    for (let n = 0; n < 2; n += 1) await submitAs(api, acme)
    for (const url of ['/v1/jobs', '/v1/jobs?wait=100', '/execute']) {
      const refused = await api.app.inject({
        method: 'POST',
        url,
        headers: acme.headers,
        payload: { code: 'print(1)' },
      })
      expect([url, refused.statusCode, refused.json().error.code]).toEqual([url, 429, 'queue-full'])
    }
    const stream = await openStream(await api.listen(), acme.headers)
    stream.send({ type: 'submit', ref: 'a', job: { code: 'print(1)' } })
    await eventually(() => expect(stream.answerTo('a')).toMatchObject({ error: { code: 'queue-full' } }))
    stream.socket.terminate()
    for (let n = 0; n < 3; n += 1) await submitAs(api, other)
  })

  test('bound how many of its jobs run at once', async ({ redisUrl, prefix, resources }) => {
    const { api, acme, other } = await openBounded({ redisUrl, prefix, resources }, { running: 1 })
    for (let n = 0; n < 3; n += 1) await submitAs(api, acme)
    await submitAs(api, other)
    const { promise: enough, resolve: end } = Promise.withResolvers<void>()
    await api.work(async ({ job, attempt }, publisher) => {
      const log = publisher.open(job.id, attempt)
      await log.start()
      await enough
      await log.finish({ type: 'exited', exitCode: 0 }, null)
    })
    // The other tenant's job was submitted last, so by then all jobs run that may.
    await eventually(async () => expect(await statusesOf(api, other.headers)).toEqual(['running']))
    expect((await statusesOf(api, acme.headers)).toSorted()).toEqual(['queued', 'queued', 'running'])
    end()
    await eventually(async () => expect(new Set(await statusesOf(api, acme.headers))).toEqual(new Set(['finished'])))
  })
})

test('A tenant may open a limited number of WebSockets and event streams on a server, independent of other tenants', async ({
  redisUrl,
  prefix,
  resources,
}) => {
  const api = await startApi({ redisUrl, prefix, resources, streamsPerTenant: 2 })
  const url = await api.listen()
  const { headers } = await holdKey(api)
  const other = await holdKey(api, { tenant: 'other' })
  const first = await openStream(url, headers)
  const refusal = async (path: string): Promise<number> => {
    const [, { statusCode }] = await once(
      new WebSocket(`${url.replace('http', 'ws')}${path}`, { headers }),
      'unexpected-response',
    )
    return statusCode
  }
  // A request that is refused for another reason does not count.
  for (let n = 0; n < 3; n += 1) expect(await refusal(`/v1/jobs/job_${'0'.repeat(32)}/events`)).toBe(404)
  const second = await openStream(url, headers)
  expect(await refusal('/v1/stream')).toBe(429)
  const others = await openStream(url, other.headers)
  first.socket.terminate()
  const third = await eventually(() => openStream(url, headers))

  third.socket.terminate()
  const path = `/v1/jobs/${await submitAs(api, { headers })}/events`
  const follow = (accept: string) => fetch(`${url}${path}`, { headers: { ...headers, accept } })
  const events = await eventually(async () => {
    const answer = await follow('text/event-stream')
    expect(answer.status).toBe(200)
    return answer
  })
  expect((await follow('application/x-ndjson')).status).toBe(429)
  expect(await refusal(path)).toBe(429)
  await events.body?.cancel()
  const lines = await eventually(async () => {
    const answer = await follow('application/x-ndjson')
    expect(answer.status).toBe(200)
    return answer
  })
  expect(await refusal('/v1/stream')).toBe(429)
  await lines.body?.cancel()
  for (const { socket } of [second, others]) socket.terminate()
})

test("Another tenant's job and one that never existed cost Redis the same", async ({
  redis,
  redisUrl,
  prefix,
  resources,
}) => {
  const api = await startApi({ redisUrl, prefix, resources })
  const acme = await holdKey(api)
  const spy = await holdKey(api, { tenant: 'spy' })
  const foreign = await submitAs(api, acme)
  const seen: string[] = []
  const watching = await watchCommands(redisUrl, (...words) => {
    // The API writes its counts every two seconds, also without calls.
    if (words.some((word) => word.includes(`${prefix}:stats:`))) return
    if (words.some((word) => word.includes(prefix)) || words[0] === 'echo') seen.push(words.join(' '))
  })
  resources.use(watching)
  const countFor = async (id: string): Promise<number> => {
    // The caller is cached for a while, so it is looked up before.
    await api.app.inject({ url: '/v1/languages', headers: spy.headers })
    await redis.echo(`before ${id}`)
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['GET', '/events'],
    ] as const) {
      const { statusCode } = await api.app.inject({ method, url: `/v1/jobs/${id}${path}`, headers: spy.headers })
      expect(statusCode).toBe(404)
    }
    await redis.echo(`after ${id}`)
    await eventually(() => expect(seen).toContain(`echo after ${id}`))
    return seen.indexOf(`echo after ${id}`) - seen.indexOf(`echo before ${id}`) - 1
  }
  expect([await countFor(foreign), await countFor(`job_${'0'.repeat(32)}`)]).toEqual([0, 0])
})

test('A key that expires closes its open socket', async ({ redisUrl, prefix, resources }) => {
  const api = await startApi({ redisUrl, prefix, resources })
  const url = await api.listen()
  const expiresAt = new Date(Date.now() + 1_500).toISOString()
  const stream = await openStream(url, (await holdKey(api, { expiresAt })).headers)
  const closed = once(stream.socket, 'close')
  expect((await closed)[0]).toBe(4401)
})
