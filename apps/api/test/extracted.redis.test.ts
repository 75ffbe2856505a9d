import { jobSchema } from '@runnel/contract/public'
import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { type Api, startApi } from './api.ts'
import { openStream, watchNdjson } from './clients.ts'

const ANSWER = { code: "Here's your program:\n\n```py\nprint(1)\nprint(2)\n```\n" }
const EXTRACTED = { firstLine: 4, lastLine: 5 }

/** Plays a worker that prints the program it got. */
const printProgram = (api: Api): Promise<void> =>
  api.work(async ({ job, attempt }, publisher) => {
    const log = publisher.open(job.id, attempt)
    await log.start()
    await log.write('stdout', Buffer.from(job.program.files[0]?.content ?? ''))
    await log.finish({ type: 'exited', exitCode: 0 }, null)
  })

describe('The lines of a chat answer that are run', () => {
  test('are in the job everywhere: submitted, queued, listed, in its events and finished', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const post = (url: string) => api.app.inject({ method: 'POST', url, payload: ANSWER })
    const job = jobSchema.parse((await post('/v1/jobs')).json())
    expect(job).toMatchObject({ status: 'queued', language: 'python', extracted: EXTRACTED })
    const read = async () => (await api.app.inject(`/v1/jobs/${job.id}`)).json()
    expect(await read()).toMatchObject({ status: 'queued', extracted: EXTRACTED })
    expect((await api.app.inject('/v1/jobs')).json().jobs).toMatchObject([{ id: job.id, extracted: EXTRACTED }])

    await printProgram(api)
    const [queued] = await watchNdjson(`${await api.listen()}/v1/jobs/${job.id}/events`)
    expect(queued).toMatchObject({ type: 'queued', language: 'python', extracted: EXTRACTED })
    expect(await read()).toMatchObject({
      status: 'finished',
      extracted: EXTRACTED,
      output: { stdout: { data: 'print(1)\nprint(2)\n' } },
    })
    expect((await post('/v1/jobs?wait=10000')).json()).toMatchObject({ status: 'finished', extracted: EXTRACTED })
  })

  test('are in the frames of a WebSocket: accepted, and the event `queued`', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const stream = await openStream(await api.listen())
    stream.send({ type: 'submit', ref: 'a', job: ANSWER })
    await eventually(() => expect(stream.answerTo('a')).toMatchObject({ job: { extracted: EXTRACTED } }))
    await eventually(() =>
      expect(stream.frames.at(-1)).toMatchObject({ type: 'event', event: { type: 'queued', extracted: EXTRACTED } }),
    )
    stream.socket.terminate()
  })

  test('are what POST /execute runs', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    await printProgram(api)
    const answer = await api.app.inject({ method: 'POST', url: '/execute', payload: ANSWER })
    expect(answer.json()).toEqual({
      success: true,
      output: 'print(1)\nprint(2)\n',
      error: null,
      execution_time: expect.any(Number),
    })
  })

  test('are absent if a program is run as it stands', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const payload = { code: 'x = """\n```py\nprint(1)\n```\n"""\nprint(x)\n' }
    const job = (await api.app.inject({ method: 'POST', url: '/v1/jobs', payload })).json()
    expect(job).toMatchObject({ status: 'queued', language: 'python' })
    expect(job).not.toHaveProperty('extracted')
    expect((await api.app.inject(`/v1/jobs/${job.id}`)).json()).not.toHaveProperty('extracted')
    await printProgram(api)
    const [queued] = await watchNdjson(`${await api.listen()}/v1/jobs/${job.id}/events`)
    expect(queued).not.toHaveProperty('extracted')
  })

  test('are asked for if there are several blocks, on every way in', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const several = { code: `${ANSWER.code}\n\`\`\`js\nx\n\`\`\`\n` }
    const error = {
      code: 'invalid-request',
      message:
        'Cannot choose between 2 code blocks: Python (lines 4 to 5), JavaScript (line 9). Send one of them alone',
      details: [{ path: 'code', message: 'it has several code blocks' }],
      requestId: expect.stringMatching(/^req_[0-9a-f]{32}$/),
    }
    for (const url of ['/v1/jobs', '/execute', '/api/execute']) {
      const answer = await api.app.inject({ method: 'POST', url, payload: several })
      expect([answer.statusCode, answer.json().error]).toEqual([400, error])
    }
    const stream = await openStream(await api.listen())
    stream.send({ type: 'submit', ref: 'a', job: several })
    await eventually(() => expect(stream.answerTo('a')).toBeDefined())
    expect(stream.answerTo('a')).toEqual({ type: 'error', ref: 'a', error })
    stream.socket.terminate()
  })
})
