import type { TerminalSize } from '@runnel/contract/public'
import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { type Api, startApi } from './api.ts'
import { openStream } from './clients.ts'

const submit = async ({ app }: Api, options: object): Promise<string> =>
  (await app.inject({ method: 'POST', url: '/v1/jobs', payload: { code: 'print(1)', ...options } })).json().id

const resize = ({ app }: Api, id: string, payload: object) =>
  app.inject({ method: 'POST', url: `/v1/jobs/${id}/resize`, payload })

/** Plays a program that prints its first size and each new one, and ends at 500 columns. */
const printSizes = (api: Api): Promise<void> =>
  api.work(async ({ job, attempt, controls }, publisher) => {
    const log = publisher.open(job.id, attempt)
    const { terminal } = job.program
    await log.start(terminal)
    const print = ({ cols, rows }: TerminalSize) => log.write('stdout', Buffer.from(`${cols}x${rows} `))
    if (terminal !== undefined) await print(terminal)
    for await (const control of controls) {
      if (control.type === 'resize') await print(control)
      if (control.type === 'resize' && control.cols === 500) break
    }
    await log.finish({ type: 'exited', exitCode: 0 }, null)
  })

const expectOutput = (api: Api, id: string, output: string) =>
  eventually(async () => expect((await api.app.inject(`/v1/jobs/${id}`)).json().output?.stdout.data).toBe(output))

describe('POST /v1/jobs/:id/resize', () => {
  test('sends each size to the program, in order, that of a queued job when it starts', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const id = await submit(api, { tty: true, cols: 100 })
    expect((await resize(api, id, { cols: 1, rows: 1 })).statusCode).toBe(204)
    await printSizes(api)
    for (const size of [
      { cols: 90, rows: 500 },
      { cols: 500, rows: 2 },
    ]) {
      const response = await resize(api, id, size)
      expect([response.statusCode, response.body]).toEqual([204, ''])
    }
    await expectOutput(api, id, '100x24 1x1 90x500 500x2 ')
    const late = await resize(api, id, { cols: 1, rows: 1 })
    expect([late.statusCode, late.json().error.code]).toEqual([409, 'job-finished'])
  })

  test('answers 409 for a job without a terminal, and 404 for one that does not exist', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const response = await resize(api, await submit(api, { interactive: true }), { cols: 1, rows: 1 })
    expect([response.statusCode, response.json().error]).toEqual([
      409,
      {
        code: 'no-terminal',
        message: 'Cannot resize this job: it has no terminal; submit it with tty: true',
        requestId: expect.any(String),
      },
    ])
    const none = await resize(api, `job_${'0'.repeat(32)}`, { cols: 1, rows: 1 })
    expect([none.statusCode, none.json().error.code]).toEqual([404, 'job-not-found'])
  })

  test.for<[string, object, string]>([
    ['no rows', { cols: 80 }, 'Cannot read rows: it is missing'],
    ['no columns', { rows: 24 }, 'Cannot read cols: it is missing'],
    ['0 columns', { cols: 0, rows: 24 }, 'Cannot read cols: it must have at least 1 '],
    ['501 rows', { cols: 80, rows: 501 }, 'Cannot read rows: it must have at most 500 '],
    ['half a row', { cols: 80, rows: 1.5 }, 'Cannot read rows: it must be an int'],
    ['an unknown field', { cols: 80, rows: 24, pixels: 1 }, 'Cannot read the body: it has the unknown field "pixels"'],
  ])('refuses %s', async ([, payload, message], { redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const response = await resize(api, await submit(api, { tty: true }), payload)
    expect([response.statusCode, response.json().error.message]).toEqual([400, message])
  })
})

describe('A job with a terminal', () => {
  test('takes input without `interactive`, unless it says that it takes none', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const type = async (options: object) => {
      const url = `/v1/jobs/${await submit(api, options)}/stdin`
      return (await api.app.inject({ method: 'POST', url, payload: { data: 'x' } })).statusCode
    }
    expect(await type({ tty: true })).toBe(204)
    expect(await type({ tty: true, interactive: false })).toBe(409)
  })

  test('is resized by a frame, and its events say what size it started with', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const stream = await openStream(await api.listen())
    await printSizes(api)
    stream.send({ type: 'submit', ref: 'a', job: { code: 'print(1)', tty: true, rows: 40 } })
    stream.send({ type: 'submit', ref: 'b', job: { code: 'print(1)', interactive: true } })
    const idOf = async (ref: string): Promise<string> => {
      await eventually(() => expect(stream.answerTo(ref)?.type).toBe('accepted'))
      return Object(stream.answerTo(ref)?.['job']).id
    }
    const jobId = await idOf('a')
    stream.send({ type: 'resize', ref: 'resize', jobId, cols: 500, rows: 3 })
    stream.send({ type: 'resize', ref: 'none', jobId: await idOf('b'), cols: 500, rows: 3 })
    stream.send({ type: 'resize', ref: 'bad', jobId, cols: 501, rows: 3 })
    await expectOutput(api, jobId, '80x40 500x3 ')
    await eventually(() => expect(stream.answerTo('bad')).toMatchObject({ error: { code: 'invalid-request' } }))
    expect(stream.answerTo('resize')).toEqual({ type: 'ok', ref: 'resize' })
    expect(stream.answerTo('none')).toMatchObject({ type: 'error', error: { code: 'no-terminal' } })
    const started = stream.frames.map(({ event }) => Object(event)).filter(({ type }) => type === 'started')
    expect(started.find((event) => event.jobId === jobId)).toMatchObject({ cols: 80, rows: 40 })
    expect(started.find((event) => event.jobId !== jobId)).not.toHaveProperty('cols')
    stream.socket.terminate()
  })
})
