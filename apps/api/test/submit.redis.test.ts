import { jobSchema } from '@runnel/contract/public'
import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { startApi } from './api.ts'
import { openStream } from './clients.ts'

describe('POST /v1/jobs', () => {
  test('accepts a program and answers with the URL of the job', async ({ redisUrl, prefix, resources }) => {
    const { app, backend } = await startApi({ redisUrl, prefix, resources })
    const response = await app.inject({
      method: 'POST',
      url: '/v1/jobs',
      payload: { code: 'print(1)', limits: { wallMs: 1_000 }, args: ['a'], env: { A: 'b' }, stdin: 'in' },
    })
    expect(response.statusCode).toBe(202)
    const job = jobSchema.parse(response.json())
    expect(job).toMatchObject({ status: 'queued', language: 'python', attempt: 0, limits: { wallMs: 1_000 } })
    expect(response.headers['location']).toBe(`/v1/jobs/${job.id}`)
    expect(await backend.producer.find(job.id)).toMatchObject({
      id: job.id,
      tenantId: 'default',
      isolation: 'job',
      program: {
        language: 'python',
        entry: 'main.py',
        files: [{ path: 'main.py', content: 'print(1)', encoding: 'utf8' }],
        args: ['a'],
        env: { A: 'b' },
        stdin: 'in',
        interactive: false,
      },
    })
  })

  test.for(['auto', 'AUTO', 'Auto', ' auto '])(
    'detects the language if it is %j, on every way in',
    async (language, { redisUrl, prefix, resources }) => {
      const api = await startApi({ redisUrl, prefix, resources })
      const job = { code: 'console.log(1)', language }
      const answer = await api.app.inject({ method: 'POST', url: '/v1/jobs', payload: job })
      expect([answer.statusCode, answer.json().language]).toEqual([202, 'javascript'])

      const stream = await openStream(await api.listen())
      stream.send({ type: 'submit', ref: 'a', job })
      await eventually(() =>
        expect(stream.answerTo('a')).toMatchObject({ type: 'accepted', job: { language: 'javascript' } }),
      )
      stream.socket.terminate()

      await api.work(async ({ job: { id, program }, attempt }, publisher) => {
        const log = publisher.open(id, attempt)
        await log.start()
        await log.write('stdout', Buffer.from(program.language))
        await log.finish({ type: 'exited', exitCode: 0 }, null)
      })
      const executed = await api.app.inject({ method: 'POST', url: '/execute', payload: job })
      expect(executed.json()).toMatchObject({ success: true, output: 'javascript' })

      const unclear = await api.app.inject({ method: 'POST', url: '/v1/jobs', payload: { code: '?', language } })
      const { code, message } = unclear.json().error
      expect([unclear.statusCode, code, message]).toEqual([
        400,
        'unknown-language',
        'Cannot tell the language of this program: send `language`. The languages here are python (py, python3, py3), javascript (js, node, nodejs, mjs, cjs, jsx), typescript (ts, mts, cts, tsx), bash (sh, shell, shellscript), html (htm, xhtml)',
      ])
    },
  )

  test('keeps every byte of a program that is as large as allowed', async ({ redisUrl, prefix, resources }) => {
    const { app, backend } = await startApi({ redisUrl, prefix, resources })
    const content = Buffer.alloc(1024 * 1024, '\u001b').toString('base64')
    const payload = { language: 'py', files: [{ path: 'main.py', content, encoding: 'base64' }] }
    const response = await app.inject({ method: 'POST', url: '/v1/jobs', payload })
    expect(response.statusCode).toBe(202)
    expect((await backend.producer.find(response.json().id))?.program.files[0]?.content).toBe(content)

    const code = await app.inject({
      method: 'POST',
      url: '/v1/jobs',
      payload: { language: 'py', code: '\u001b'.repeat(1024 * 1024) },
    })
    expect(code.statusCode).toBe(202)
  })

  test('answers with the finished job and its output if it finishes within the wait', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const { app, work } = await startApi({ redisUrl, prefix, resources })
    await work(async ({ job, attempt }, publisher) => {
      const log = publisher.open(job.id, attempt)
      await log.start()
      await log.write('stdout', Buffer.from('hällo\n'))
      await log.write('stderr', Uint8Array.of(0xff, 0x00))
      await log.finish({ type: 'exited', exitCode: 0 }, { wallMs: 12, cpuMs: 3, peakMemoryBytes: null })
    })
    const response = await app.inject({ method: 'POST', url: '/v1/jobs?wait=10000', payload: { code: 'print(1)' } })
    expect(response.statusCode).toBe(200)
    expect(response.headers['location']).toBe(`/v1/jobs/${response.json().id}`)
    expect(jobSchema.parse(response.json())).toMatchObject({
      status: 'finished',
      attempt: 1,
      outcome: { type: 'exited', exitCode: 0 },
      usage: { wallMs: 12 },
      output: {
        stdout: { encoding: 'utf8', data: 'hällo\n' },
        stderr: { encoding: 'base64', data: Buffer.of(0xff, 0x00).toString('base64') },
        truncated: false,
      },
    })
  })

  test('answers with the queued job if it is still queued after the wait', async ({ redisUrl, prefix, resources }) => {
    const { app } = await startApi({ redisUrl, prefix, resources })
    const response = await app.inject({ method: 'POST', url: '/v1/jobs?wait=30', payload: { code: 'print(1)' } })
    expect(response.statusCode).toBe(202)
    expect(response.json()).toMatchObject({ status: 'queued' })
  })

  test('answers with the running job if it still runs after the wait', async ({ redisUrl, prefix, resources }) => {
    const { app, work } = await startApi({ redisUrl, prefix, resources })
    const { promise: asked, resolve: answered } = Promise.withResolvers<void>()
    await work(async ({ job, attempt }, publisher) => {
      const log = publisher.open(job.id, attempt)
      await log.start()
      await asked
      await log.finish({ type: 'exited', exitCode: 0 }, null)
    })
    const response = await app.inject({ method: 'POST', url: '/v1/jobs?wait=2000', payload: { code: 'print(1)' } })
    answered()
    expect(response.statusCode).toBe(202)
    expect(response.json()).toMatchObject({ status: 'running', attempt: 1, startedAt: expect.any(String) })
  })

  test('accepts a hundred at once, each with its own place', async ({ redisUrl, prefix, resources }) => {
    const { app } = await startApi({ redisUrl, prefix, resources })
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        app.inject({ method: 'POST', url: '/v1/jobs', payload: { code: `print(${n})` } }),
      ),
    )
    expect(new Set(answers.map((answer) => answer.json().id)).size).toBe(100)
    const places = await Promise.all(
      answers.map(async (answer) => (await app.inject(`/v1/jobs/${answer.json().id}`)).json().queuePosition),
    )
    expect(places.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, place) => place))
  })

  test('leaves nothing in the queue if the history cannot be written', async ({
    redis,
    redisUrl,
    prefix,
    resources,
    redisKeys,
  }) => {
    const { app, backend } = await startApi({ redisUrl, prefix, resources })
    const unfinished = redisKeys.historyPart('default', 'python', 'unfinished')
    await redis.set(unfinished, 'not a sorted set', 'PX', 60_000)
    const response = await app.inject({ method: 'POST', url: '/v1/jobs', payload: { code: 'print(1)' } })
    expect(response.statusCode).toBe(500)
    expect(response.json().error).toMatchObject({ code: 'internal', requestId: expect.stringMatching(/^req_/) })
    expect(response.body).not.toMatch(/WRONGTYPE|at |redis/)
    const [log] = await redis.keys(redisKeys.events('*'))
    const id = String(log).slice(redisKeys.events('').length)
    await eventually(async () => expect(await backend.producer.place(id)).toBeUndefined())
    expect(await backend.subscriber.summary(id)).toMatchObject({ status: 'finished', outcome: { type: 'canceled' } })
    await redis.del(unfinished)
  })
})
