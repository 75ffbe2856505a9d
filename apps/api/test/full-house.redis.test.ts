import { errorBodySchema } from '@runnel/contract/public'
import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { type Api, startApi } from './api.ts'
import { openStream } from './clients.ts'

const TEN = { queued: 1_000, tenant: { queued: 10, running: 100 } }
const payload = { code: 'print(1)' }
const submit = ({ app }: Api, url = '/v1/jobs') => app.inject({ method: 'POST', url, payload })

describe('a full queue', () => {
  test('accepts exactly as many of two hundred submissions at once as it has room for, and keeps nothing of the others', async ({
    redis,
    redisUrl,
    prefix,
    resources,
    redisKeys,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources, bounds: TEN })
    const answers = await Promise.all(Array.from({ length: 200 }, () => submit(api)))
    const [taken, refused] = [202, 429].map((status) => answers.filter(({ statusCode }) => statusCode === status))
    expect([taken?.length, refused?.length]).toEqual([10, 190])
    for (const answer of refused ?? []) {
      const { error } = errorBodySchema.parse(answer.json())
      expect(error).toMatchObject({
        code: 'queue-full',
        message: 'Cannot take this job: 10 jobs of yours wait, and 10 may; try again when some of them have run',
        details: [
          { path: 'queue.length', message: '10' },
          { path: 'queue.bound', message: '10' },
        ],
      })
      expect(Number(answer.headers['retry-after']) * 1_000).toBe(error.retryAfterMs)
      expect(answer.headers['location']).toBeUndefined()
    }
    expect((await api.app.inject('/v1/jobs?limit=100')).json().jobs).toHaveLength(10)
    expect(await redis.keys(redisKeys.events('*'))).toHaveLength(10)
  })

  test('refuses submissions on every route, and has room again when a job is canceled', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources, bounds: { ...TEN, queued: 1 } })
    const first = (await submit(api)).json()
    for (const url of ['/v1/jobs', '/v1/jobs?wait=1000', '/execute']) {
      const answer = await submit(api, url)
      expect([url, answer.statusCode, answer.json().error.code]).toEqual([url, 429, 'queue-full'])
    }
    await api.app.inject({ method: 'DELETE', url: `/v1/jobs/${first.id}` })
    expect((await submit(api)).statusCode).toBe(202)
  })

  test('gives an error frame on a WebSocket, which stays open', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources, bounds: { ...TEN, queued: 1 } })
    const stream = await openStream(await api.listen())
    for (const ref of ['a', 'b']) stream.send({ type: 'submit', ref, job: payload })
    await eventually(() => expect(stream.answerTo('b')).toBeDefined())
    expect(stream.answerTo('a')).toMatchObject({ type: 'accepted' })
    expect(stream.answerTo('b')).toMatchObject({
      type: 'error',
      error: {
        code: 'queue-full',
        retryAfterMs: 5_000,
        details: [
          { path: 'queue.length', message: '1' },
          { path: 'queue.bound', message: '1' },
        ],
      },
    })
    expect(stream.socket.readyState).toBe(stream.socket.OPEN)
    stream.socket.terminate()
  })
})

test('A waiting job has its place, and an estimate of its wait after some jobs have run', async ({
  redisUrl,
  prefix,
  resources,
}) => {
  const api = await startApi({ redisUrl, prefix, resources })
  const ids = await Promise.all(Array.from({ length: 20 }, async () => (await submit(api)).json().id))
  const ask = async () =>
    (await Promise.all(ids.map((id) => api.app.inject(`/v1/jobs/${id}`)))).map((job) => job.json())
  const asked = await ask()
  expect(asked.map(({ queuePosition }) => queuePosition).sort((a, b) => a - b)).toEqual([...ids.keys()])
  for (const job of asked) expect(job).not.toHaveProperty('estimatedWaitMs')
  await api.work(async ({ job, attempt }, publisher) => {
    const log = publisher.open(job.id, attempt)
    await log.start()
    await new Promise((resolve) => setTimeout(resolve, 100))
    await log.finish({ type: 'exited', exitCode: 0 }, null)
  })
  await eventually(async () => {
    const waiting = (await ask()).filter(({ status }) => status === 'queued')
    expect(waiting.filter(({ estimatedWaitMs }) => estimatedWaitMs > 0).length).toBeGreaterThan(2)
  })
})
