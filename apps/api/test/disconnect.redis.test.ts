import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { type Api, startApi } from './api.ts'
import { openStream } from './clients.ts'

const bound = { code: 'print(1)', cancelOnDisconnect: true }

/** Runs every job until it is canceled. */
const runForEver = (api: Api) =>
  api.work(async ({ job, attempt, signal }, publisher) => {
    const log = publisher.open(job.id, attempt)
    if ((await log.start()) !== 'started') return
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    await log.finish({ type: 'canceled' }, null)
  })

const statusOf = async ({ app }: Api, id: string): Promise<string> => {
  const { status, outcome } = (await app.inject(`/v1/jobs/${id}`)).json()
  return outcome === undefined ? status : `${status} ${outcome.type}`
}
const becomes = (api: Api, id: string, status: string) =>
  eventually(async () => expect(await statusOf(api, id)).toBe(status))

const acceptedBy = (stream: Awaited<ReturnType<typeof openStream>>, ref: string): Promise<string> =>
  eventually(() => {
    const answer = stream.answerTo(ref)
    expect(answer).toMatchObject({ type: 'accepted' })
    return Object(answer?.['job']).id
  })

describe('a client on a WebSocket that goes away', () => {
  test('has its jobs with cancelOnDisconnect canceled, and the others left running', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    await runForEver(api)
    const stream = await openStream(await api.listen())
    stream.send({ type: 'submit', ref: 'bound', job: bound })
    stream.send({ type: 'submit', ref: 'unfollowed', subscribe: false, job: bound })
    stream.send({ type: 'submit', ref: 'free', job: { code: 'print(1)' } })
    const ids = await Promise.all(['bound', 'unfollowed', 'free'].map((ref) => acceptedBy(stream, ref)))
    const [first = '', second = '', free = ''] = ids
    for (const id of ids) await becomes(api, id, 'running')
    stream.socket.terminate()
    await becomes(api, first, 'finished canceled')
    await becomes(api, second, 'finished canceled')
    expect(await statusOf(api, free)).toBe('running')
    await api.app.inject({ method: 'DELETE', url: `/v1/jobs/${free}` })
    await becomes(api, free, 'finished canceled')
  })

  test('has its waiting jobs canceled too, even if it leaves right after submitting', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const url = await api.listen()
    for (let round = 0; round < 10; round += 1) {
      const stream = await openStream(url)
      for (let n = 0; n < 5; n += 1) stream.send({ type: 'submit', ref: `${n}`, job: bound })
      if (round % 2 === 1) await acceptedBy(stream, '0')
      stream.socket.close()
    }
    await eventually(async () => {
      const { jobs } = (await api.app.inject('/v1/jobs?limit=100')).json()
      expect(jobs.length).toBeGreaterThan(0)
      for (const job of jobs) expect(job).toMatchObject({ status: 'finished', outcome: { type: 'canceled' } })
    })
  })

  test('is detected when it no longer answers, even if its connection is open', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources, heartbeatMs: 50 })
    const stream = await openStream(await api.listen())
    stream.send({ type: 'submit', ref: 'a', job: bound })
    const id = await acceptedBy(stream, 'a')
    stream.socket.pause()
    await becomes(api, id, 'finished canceled')
    stream.socket.terminate()
  })
})

test('A server that stops cancels nothing', async ({ redisUrl, prefix, resources }) => {
  const [stopping, staying] = [
    await startApi({ redisUrl, prefix, resources }),
    await startApi({ redisUrl, prefix, resources }),
  ]
  const url = await stopping.listen()
  const stream = await openStream(url)
  stream.send({ type: 'submit', ref: 'a', job: bound })
  const streamed = await acceptedBy(stream, 'a')
  const waiting = fetch(`${url}/v1/jobs?wait=30000`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(bound),
  })
  await eventually(async () => expect((await staying.app.inject('/v1/jobs')).json().jobs).toHaveLength(2))
  await stopping.app.close()
  const answer: unknown = await (await waiting).json()
  expect(answer).toMatchObject({ status: 'queued' })
  expect(await statusOf(staying, streamed)).toBe('queued')
  expect(await statusOf(staying, Object(answer).id)).toBe('queued')
})

describe('a client that waits for its job and hangs up', () => {
  const submitAndHangUp = async (api: Api, job: object): Promise<string> => {
    const hangUp = new AbortController()
    const answer = fetch(`${await api.listen()}/v1/jobs?wait=30000`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(job),
      signal: hangUp.signal,
    }).catch(() => undefined)
    const id = await eventually(async () => {
      const [listed] = (await api.app.inject('/v1/jobs')).json().jobs
      expect(listed).toBeDefined()
      return listed.id
    })
    await becomes(api, id, 'running')
    hangUp.abort()
    await answer
    return id
  }

  test('has it canceled with cancelOnDisconnect', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    await runForEver(api)
    await becomes(api, await submitAndHangUp(api, bound), 'finished canceled')
  })

  test('leaves it running otherwise', async ({ redis, redisUrl, prefix, resources, redisKeys }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    await runForEver(api)
    const id = await submitAndHangUp(api, { code: 'print(1)' })
    await eventually(async () => {
      expect((await redis.pubsub('NUMSUB', redisKeys.events(id)))[1]).toBe(0)
    })
    expect(await statusOf(api, id)).toBe('running')
    await api.app.inject({ method: 'DELETE', url: `/v1/jobs/${id}` })
    await becomes(api, id, 'finished canceled')
  })

  test('cannot use cancelOnDisconnect without wait', async ({ redisUrl, prefix, resources }) => {
    const { app } = await startApi({ redisUrl, prefix, resources })
    const answer = await app.inject({ method: 'POST', url: '/v1/jobs', payload: bound })
    expect([answer.statusCode, answer.json().error.message]).toEqual([400, expect.stringContaining('`wait`')])
  })
})
