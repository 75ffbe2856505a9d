import { redisTest as test } from '@runnel/redis/testing'
import { eventually, startLossyProxy } from '@runnel/testing'
import type { InjectOptions } from 'fastify'
import { describe, expect } from 'vitest'
import { type Api, startApi } from './api.ts'
import { openStream } from './clients.ts'

const program = { code: 'print(1)', language: 'python', env: { A: '1', B: '2' } }
const submit = ({ app }: Api, key: string, payload: InjectOptions['payload'] = program, url = '/v1/jobs') =>
  app.inject({ method: 'POST', url, payload, headers: { 'idempotency-key': key, 'content-type': 'application/json' } })
const listed = async ({ app }: Api): Promise<{ id: string }[]> => (await app.inject('/v1/jobs?limit=100')).json().jobs

describe('a submission with an Idempotency-Key', () => {
  test('makes one job, also if many tries come at once, to different servers', async ({
    redis,
    redisUrl,
    prefix,
    resources,
    redisKeys,
  }) => {
    const servers = [
      await startApi({ redisUrl, prefix, resources }),
      await startApi({ redisUrl, prefix, resources }),
    ] as const
    const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => submit(servers[n % 2 === 0 ? 0 : 1], 'k')))
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([202]))
    expect(new Set(answers.map((answer) => answer.json().id)).size).toBe(1)
    expect(answers.filter(({ headers }) => headers['idempotent-replayed'] === 'true')).toHaveLength(59)
    expect(await listed(servers[0])).toHaveLength(1)
    expect(await redis.keys(redisKeys.events('*'))).toHaveLength(1)
    const [first] = answers
    for (const { headers } of answers) expect(headers['location']).toBe(`/v1/jobs/${first?.json().id}`)
  })

  test('is the same in any spelling of the JSON, and a different one with the same key is refused', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const { id } = (await submit(api, 'k')).json()
    const spelled = '{ "env": {"B":"2","A":"1"}, "args": [], "code": "no", "code":"print(1)", "language":"python" }'
    expect((await submit(api, 'k', spelled)).json().id).toBe(id)
    for (const other of [
      { ...program, code: 'print(2)' },
      { ...program, env: { A: '2', B: '1' } },
    ]) {
      const answer = await submit(api, 'k', other)
      expect([answer.statusCode, answer.json().error.code]).toEqual([422, 'idempotency-key-reused'])
    }
    expect((await submit(api, 'K')).json().id).not.toBe(id)
    expect(await listed(api)).toHaveLength(2)
  })

  test('is the same if its language is left open by `auto`, in any case, or by no language', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const { language: _, ...open } = program
    const { id, language } = (await submit(api, 'k', open)).json()
    expect(language).toBe('python')
    for (const auto of ['auto', 'AUTO', ' Auto ']) {
      expect((await submit(api, 'k', { ...open, language: auto })).json().id).toBe(id)
    }
    expect((await submit(api, 'k', program)).json().error.code).toBe('idempotency-key-reused')
  })

  test('is answered with the finished job, also with wait', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const { id } = (await submit(api, 'k')).json()
    await api.work(async ({ job, attempt }, publisher) => {
      const log = publisher.open(job.id, attempt)
      await log.start()
      await log.write('stdout', Buffer.from('1\n'))
      await log.finish({ type: 'exited', exitCode: 0 }, null)
    })
    const waited = await submit(api, 'k', program, '/v1/jobs?wait=10000')
    expect([waited.statusCode, waited.headers['idempotent-replayed']]).toEqual([200, 'true'])
    expect(waited.json()).toMatchObject({ id, status: 'finished', output: { stdout: { data: '1\n' } } })
    const again = await submit(api, 'k')
    expect(again.json()).toEqual(waited.json())
  })

  test('makes one job if the answer of Redis was lost', async ({ redisUrl, prefix, resources }) => {
    const proxy = resources.use(await startLossyProxy(redisUrl))
    const api = await startApi({ redisUrl: proxy.url, prefix, resources })
    // From here on Redis has the script, so that the step has one answer.
    await submit(api, 'before')
    for (let round = 1; round <= 5; round += 1) {
      proxy.loseAnswer()
      const first = await submit(api, `k${round}`)
      expect(proxy.lost).toBe(round)
      const again = await eventually(async () => {
        const answer = await submit(api, `k${round}`)
        expect(answer.statusCode).toBe(202)
        return answer.json()
      })
      expect([first.statusCode, first.json().id]).toEqual([202, again.id])
      expect(again).toMatchObject({ status: 'queued' })
      expect(await listed(api)).toHaveLength(round + 1)
    }
  })

  test.for(['', ' ', 'two words', 'x'.repeat(256), 'ü'])(
    'is refused for the key %j',
    async (key, { redisUrl, prefix, resources }) => {
      const api = await startApi({ redisUrl, prefix, resources })
      const answer = await submit(api, key)
      expect([answer.statusCode, answer.json().error.code]).toEqual([400, 'invalid-request'])
      expect(answer.json().error.message).toContain('idempotency')
    },
  )

  test('makes one job on a WebSocket too, which gets its events from the first one', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const { id } = (await submit(api, 'k')).json()
    const stream = await openStream(await api.listen())
    stream.send({ type: 'submit', ref: 'a', idempotencyKey: 'k', job: program })
    await eventually(() => expect(stream.answerTo('a')).toMatchObject({ type: 'accepted', job: { id } }))
    await eventually(() =>
      expect(stream.frames.at(-1)).toMatchObject({ type: 'event', event: { jobId: id, id: '0-1', type: 'queued' } }),
    )
    stream.send({ type: 'submit', ref: 'b', idempotencyKey: 'k', job: { ...program, code: 'print(2)' } })
    await eventually(() =>
      expect(stream.answerTo('b')).toMatchObject({ type: 'error', error: { code: 'idempotency-key-reused' } }),
    )
    stream.socket.terminate()
  })
})
