import { once } from 'node:events'
import { serverFrameSchema } from '@runnel/contract/public'
import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { WebSocket } from 'ws'
import { type Api, startApi } from './api.ts'
import { openStream } from './clients.ts'
import { holdKey, type KeyHolder, submitAs } from './key-holder.ts'

const PAGE = 'https://app.example.org'

const askForTicket = ({ app }: Api, { headers }: Pick<KeyHolder, 'headers'>, payload: object) =>
  app.inject({ method: 'POST', url: '/v1/tickets', headers, payload })

const issue = async (api: Api, holder: KeyHolder, payload: object): Promise<string> => {
  const response = await askForTicket(api, holder, payload)
  expect([response.statusCode, response.headers['cache-control']]).toEqual([201, 'no-store'])
  return response.json().ticket
}

/** The status of the refusal, or 101. */
const connect = async (address: string, origin?: string): Promise<number> => {
  const socket = new WebSocket(address, origin === undefined ? {} : { origin })
  const { promise, resolve } = Promise.withResolvers<number>()
  socket.on('open', () => resolve(101))
  socket.on('unexpected-response', (_, { statusCode }) => resolve(statusCode ?? 0))
  socket.on('error', () => {})
  const status = await promise
  socket.terminate()
  return status
}

describe('A ticket', () => {
  test('in a URL opens one WebSocket, once, and nothing else', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const holder = await holdKey(api)
    const id = await submitAs(api, holder)
    const ticket = await issue(api, holder, { jobIds: [id] })
    const url = await api.listen()
    for (const path of [`/v1/jobs/${id}`, `/v1/jobs/${id}/events`, '/v1/jobs', '/v1/languages']) {
      expect([path, (await fetch(`${url}${path}?ticket=${ticket}`)).status]).toEqual([path, 401])
    }
    expect((await fetch(`${url}/v1/jobs`, { headers: { authorization: `Bearer ${ticket}` } })).status).toBe(401)
    const address = `${url.replace('http', 'ws')}/v1/jobs/${id}/events?ticket=${ticket}`
    const statuses = await Promise.all(Array.from({ length: 5 }, () => connect(address)))
    expect(statuses.toSorted()).toEqual([101, 401, 401, 401, 401])
    expect(await connect(address)).toBe(401)
  })

  test('in a header opens one answer of events, once, and nothing else', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources, origins: [PAGE, 'https://other.example.org'] })
    const holder = await holdKey(api)
    const [named, other] = [await submitAs(api, holder), await submitAs(api, holder)]
    await api.app.inject({ method: 'DELETE', url: `/v1/jobs/${named}`, headers: holder.headers })
    const url = await api.listen()
    const get = async (path: string, ticket: string, headers: Readonly<Record<string, string>> = {}) => {
      const response = await fetch(`${url}${path}`, { headers: { authorization: `Ticket ${ticket}`, ...headers } })
      return { status: response.status, text: await response.text() }
    }
    const events = `/v1/jobs/${named}/events`
    const ticket = await issue(api, holder, { jobIds: [named] })
    for (const path of [`/v1/jobs/${named}`, '/v1/jobs', '/v1/languages']) {
      expect([path, (await get(path, ticket)).status]).toEqual([path, 401])
    }
    const answers = await Promise.all(Array.from({ length: 5 }, () => get(events, ticket)))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 401, 401, 401, 401])
    const read =
      answers
        .find(({ status }) => status === 200)
        ?.text.trim()
        .split('\n') ?? []
    expect(read.map((line) => JSON.parse(line).type)).toEqual(['queued', 'finished'])
    expect((await get(events, ticket)).status).toBe(401)

    const sse = await get(events, await issue(api, holder, { jobIds: [named] }), { accept: 'text/event-stream' })
    expect([sse.status, sse.text.match(/^id: .*/gm)]).toEqual([200, ['id: 0-1', 'id: 0-2']])
    expect((await get(`/v1/jobs/${other}/events`, await issue(api, holder, { jobIds: [named] }))).status).toBe(404)
    expect((await get(events, await issue(api, holder, { jobIds: [named], scopes: ['submit'] }))).status).toBe(403)
    const forPage = { jobIds: [named], origin: PAGE }
    expect((await get(events, await issue(api, holder, forPage), { origin: PAGE })).status).toBe(200)
    expect((await get(events, await issue(api, holder, forPage))).status).toBe(401)
    const unused = await issue(api, holder, { jobIds: [named] })
    await api.backend.keys.revoke(holder.key.id)
    expect((await get(events, unused)).status).toBe(401)
  })

  test('is refused if it has expired, was made up, or comes twice in one URL', async ({
    redisUrl,
    prefix,
    resources,
    redisKeys,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const holder = await holdKey(api)
    const url = `${(await api.listen()).replace('http', 'ws')}/v1/stream`
    const ticket = await issue(api, holder, { submissions: true, expiresInMs: 1_000 })
    for (const query of ['?ticket=', '?ticket=x', `?ticket=${ticket}&ticket=${ticket}`]) {
      expect(await connect(url + query)).toBe(401)
    }
    await eventually(async () => expect(await api.backend.redis.keys(redisKeys.ticket('*'))).toEqual([]))
    expect(await connect(`${url}?ticket=${ticket}`)).toBe(401)
  })

  test('for one page is refused to another page', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources, origins: [PAGE, 'https://other.example.org'] })
    const holder = await holdKey(api)
    const url = `${(await api.listen()).replace('http', 'ws')}/v1/stream?ticket=`
    const payload = { submissions: true, origin: PAGE }
    expect(await connect(url + (await issue(api, holder, payload)), 'https://other.example.org')).toBe(401)
    expect(await connect(url + (await issue(api, holder, payload)))).toBe(401)
    expect(await connect(url + (await issue(api, holder, payload)), PAGE)).toBe(101)
    // No ticket helps a page that may not call at all.
    expect(await connect(url + (await issue(api, holder, { submissions: true })), 'https://evil.example')).toBe(403)
  })

  test('for named jobs allows these and no others', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const holder = await holdKey(api)
    const [named, other] = [await submitAs(api, holder, { interactive: true }), await submitAs(api, holder)]
    const url = await api.listen()
    expect(
      await connect(
        `${url.replace('http', 'ws')}/v1/jobs/${other}/events?ticket=${await issue(api, holder, { jobIds: [named] })}`,
      ),
    ).toBe(404)

    const stream = await openStream(url, {}, `?ticket=${await issue(api, holder, { jobIds: [named] })}`)
    stream.send({ type: 'subscribe', ref: 'named', jobId: named })
    stream.send({ type: 'stdin', ref: 'stdin', jobId: named, data: 'x' })
    stream.send({ type: 'subscribe', ref: 'other', jobId: other })
    stream.send({ type: 'cancel', ref: 'cancel', jobId: other })
    stream.send({ type: 'submit', ref: 'submit', job: { code: 'print(1)' } })
    await eventually(() =>
      expect(stream.answerTo('submit')).toMatchObject({ type: 'error', error: { code: 'forbidden' } }),
    )
    expect(stream.answerTo('named')).toEqual({ type: 'ok', ref: 'named' })
    expect(stream.answerTo('stdin')).toEqual({ type: 'ok', ref: 'stdin' })
    for (const ref of ['other', 'cancel']) {
      expect(stream.answerTo(ref)).toMatchObject({ type: 'error', error: { code: 'job-not-found' } })
    }
    stream.socket.terminate()
  })

  test('for submissions allows the jobs that were submitted with it', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const holder = await holdKey(api)
    const other = await submitAs(api, holder)
    const ticket = await issue(api, holder, { submissions: true })
    const stream = await openStream(await api.listen(), {}, `?ticket=${ticket}`)
    stream.send({ type: 'submit', ref: 'submit', job: { code: 'print(1)' } })
    const jobId = await eventually(() => {
      const answer = serverFrameSchema.parse(stream.answerTo('submit'))
      if (answer.type !== 'accepted') throw new Error(JSON.stringify(answer))
      return answer.job.id
    })
    stream.send({ type: 'cancel', ref: 'own', jobId })
    stream.send({ type: 'cancel', ref: 'other', jobId: other })
    await eventually(() => expect(stream.answerTo('other')).toMatchObject({ error: { code: 'job-not-found' } }))
    expect(stream.answerTo('own')).toEqual({ type: 'ok', ref: 'own' })
    // The job belongs to the tenant, like all its jobs.
    expect((await api.app.inject({ url: `/v1/jobs/${jobId}`, headers: holder.headers })).statusCode).toBe(200)
    stream.socket.terminate()
  })

  test('allows no more than its key', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const reader = await holdKey(api, { scopes: ['read', 'admin'] })
    const id = await submitAs(api, await holdKey(api))
    for (const payload of [{ submissions: true }, { jobIds: [id], scopes: ['submit'] }]) {
      expect((await askForTicket(api, reader, payload)).statusCode).toBe(403)
    }
    expect((await askForTicket(api, reader, { jobIds: [id], scopes: ['admin'] })).statusCode).toBe(400)
    expect((await askForTicket(api, await holdKey(api, { scopes: ['admin'] }), { jobIds: [id] })).statusCode).toBe(403)
    const stream = await openStream(await api.listen(), {}, `?ticket=${await issue(api, reader, { jobIds: [id] })}`)
    stream.send({ type: 'cancel', ref: 'cancel', jobId: id })
    await eventually(() => expect(stream.answerTo('cancel')).toMatchObject({ error: { code: 'forbidden' } }))
    stream.socket.terminate()
  })

  test('is no longer valid when its key is revoked, before and after it is used', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const holder = await holdKey(api)
    const unused = await issue(api, holder, { submissions: true })
    const url = await api.listen()
    const { socket } = await openStream(url, {}, `?ticket=${await issue(api, holder, { submissions: true })}`)
    const closed = once(socket, 'close')
    await api.backend.keys.revoke(holder.key.id)
    expect((await closed)[0]).toBe(4401)
    expect(await connect(`${url.replace('http', 'ws')}/v1/stream?ticket=${unused}`)).toBe(401)
  })

  test.for([{}, { jobIds: [] }, { jobIds: ['x'] }, { submissions: true, expiresInMs: 86_400_000 }, { submissions: 1 }])(
    'is not made from %j',
    async (payload, { redisUrl, prefix, resources }) => {
      const api = await startApi({ redisUrl, prefix, resources })
      const response = await askForTicket(api, await holdKey(api), payload)
      expect([response.statusCode, response.json().error.code]).toEqual([400, 'invalid-request'])
    },
  )
})
