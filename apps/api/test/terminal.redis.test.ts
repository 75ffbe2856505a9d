import type { TerminalSize } from '@runnel/contract/public'
import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { type Api, startApi } from './api.ts'
import { openStream, watchNdjson, watchServerSentEvents, watchSocket } from './clients.ts'

const REQUEST_ID = expect.stringMatching(/^req_[0-9a-f]{32}$/)
const NO_TERMINAL = {
  code: 'no-terminal',
  message: 'Cannot resize this job: it has no terminal; submit it with tty: true',
  requestId: REQUEST_ID,
}

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
    expect([late.statusCode, late.json().error]).toEqual([
      409,
      { code: 'job-finished', message: 'Cannot reach this job: it has finished', requestId: REQUEST_ID },
    ])
  })

  test('answers 409 for a job without a terminal, and 404 for one that does not exist', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const response = await resize(api, await submit(api, { interactive: true }), { cols: 1, rows: 1 })
    expect([response.statusCode, response.json().error]).toEqual([409, NO_TERMINAL])
    const none = await resize(api, `job_${'0'.repeat(32)}`, { cols: 1, rows: 1 })
    expect([none.statusCode, none.json().error]).toEqual([
      404,
      {
        code: 'job-not-found',
        message: 'There is no job with this id; a finished one is kept only for a while',
        requestId: REQUEST_ID,
      },
    ])
  })

  test.for<[string, object, string, string]>([
    ['no rows', { cols: 80 }, 'rows', 'Cannot read rows: it is missing'],
    ['no columns', { rows: 24 }, 'cols', 'Cannot read cols: it is missing'],
    ['0 columns', { cols: 0, rows: 24 }, 'cols', 'Cannot read cols: it must be at least 1'],
    ['501 rows', { cols: 80, rows: 501 }, 'rows', 'Cannot read rows: it must be at most 500'],
    ['half a row', { cols: 80, rows: 1.5 }, 'rows', 'Cannot read rows: it must be an int'],
    [
      'an unknown field',
      { cols: 80, rows: 24, pixels: 1 },
      '',
      'Cannot read the body: it has the unknown field "pixels"',
    ],
  ])('refuses %s', async ([, payload, path, message], { redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const response = await resize(api, await submit(api, { tty: true }), payload)
    expect([response.statusCode, response.json().error]).toEqual([
      400,
      { code: 'invalid-request', message, details: [{ path, message }], requestId: REQUEST_ID },
    ])
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
      const response = await api.app.inject({ method: 'POST', url, payload: { data: 'x' } })
      return [response.statusCode, response.body === '' ? '' : response.json().error]
    }
    expect(await type({ tty: true })).toEqual([204, ''])
    expect(await type({ tty: true, interactive: false })).toEqual([
      409,
      {
        code: 'stdin-closed',
        message: 'Cannot write to this job: its standard input ended with `stdin`; submit it with interactive: true',
        requestId: REQUEST_ID,
      },
    ])
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
    const withoutTerminal = await idOf('b')
    stream.send({ type: 'resize', ref: 'resize', jobId, cols: 500, rows: 3 })
    stream.send({ type: 'resize', ref: 'none', jobId: withoutTerminal, cols: 500, rows: 3 })
    stream.send({ type: 'resize', ref: 'bad', jobId, cols: 501, rows: 3 })
    await expectOutput(api, jobId, '80x40 500x3 ')
    await eventually(() => expect(stream.answerTo('bad')).toBeDefined())
    const message = 'Cannot read cols: it must be at most 500'
    expect(stream.answerTo('bad')).toEqual({
      type: 'error',
      ref: 'bad',
      jobId,
      error: { code: 'invalid-request', message, details: [{ path: 'cols', message }], requestId: REQUEST_ID },
    })
    expect(stream.answerTo('resize')).toEqual({ type: 'ok', ref: 'resize' })
    expect(stream.answerTo('none')).toEqual({ type: 'error', ref: 'none', jobId: withoutTerminal, error: NO_TERMINAL })
    const startOf = (id: string) =>
      stream.frames.map(({ event }) => Object(event)).find((event) => event.type === 'started' && event.jobId === id)
    const start = { type: 'started', id: '1-1', at: expect.any(String) }
    expect(startOf(jobId)).toEqual({ ...start, jobId, cols: 80, rows: 40 })
    expect(startOf(withoutTerminal)).toEqual({ ...start, jobId: withoutTerminal })
    stream.socket.terminate()
  })

  test('is replayed whole after its end, and from any event on', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const id = await submit(api, { tty: true, cols: 100 })
    const url = `${await api.listen()}/v1/jobs/${id}/events`
    await printSizes(api)
    const live = watchNdjson(url)
    await watchNdjson(url, ({ type }) => type !== 'stdout')
    expect((await resize(api, id, { cols: 500, rows: 2 })).statusCode).toBe(204)
    const events = await live
    const limits = {
      wallMs: 30_000,
      cpuMs: 10_000,
      memoryBytes: 256 * 1024 * 1024,
      outputBytes: 1024 * 1024,
      processes: 64,
      diskBytes: 64 * 1024 * 1024,
    }
    expect(events.map(({ jobId, at, ...event }) => event)).toEqual([
      { type: 'queued', id: '0-1', language: 'python', interactive: true, tty: true, limits },
      { type: 'started', id: '1-1', cols: 100, rows: 24 },
      { type: 'stdout', id: '1-2', encoding: 'utf8', data: '100x24 ' },
      { type: 'stdout', id: '1-3', encoding: 'utf8', data: '500x2 ' },
      { type: 'finished', id: '1-4', outcome: { type: 'exited', exitCode: 0 }, usage: null },
    ])
    expect(await watchNdjson(url)).toEqual(events)
    expect(await watchSocket(url)).toEqual(events)
    for (const [index, event] of events.slice(0, -1).entries()) {
      expect(await watchServerSentEvents(url, event.id)).toEqual(events.slice(index + 1))
      expect(await watchNdjson(`${url}?after=${event.id}`)).toEqual(events.slice(index + 1))
    }
    const stream = await openStream(url.slice(0, url.indexOf('/v1/')))
    stream.send({ type: 'subscribe', ref: 'a', jobId: id, after: '1-1' })
    await eventually(() => expect(stream.frames).toHaveLength(4))
    expect(stream.frames).toEqual([
      { type: 'ok', ref: 'a' },
      ...events.slice(2).map((event) => ({ type: 'event', event })),
    ])
    stream.socket.terminate()
  })

  test('is canceled as one without', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const url = await api.listen()
    const cancel = async (id: string) => (await api.app.inject({ method: 'DELETE', url: `/v1/jobs/${id}` })).json()
    const queued = await submit(api, { tty: true })
    expect(await cancel(queued)).toMatchObject({ status: 'finished', attempt: 0, outcome: { type: 'canceled' } })
    await api.work(async ({ job, attempt, signal }, publisher) => {
      const log = publisher.open(job.id, attempt)
      await log.start(job.program.terminal)
      await log.write('stdout', Buffer.from('$ '))
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      await log.finish({ type: signal.reason }, { wallMs: 1, cpuMs: 1, peakMemoryBytes: null })
    })
    const running = await submit(api, { tty: true })
    await watchNdjson(`${url}/v1/jobs/${running}/events`, ({ type }) => type !== 'stdout')
    await cancel(running)
    const events = await watchNdjson(`${url}/v1/jobs/${running}/events`)
    expect(events.map(({ type }) => type)).toEqual(['queued', 'started', 'stdout', 'finished'])
    expect(events.at(-1)).toMatchObject({ id: '1-3', outcome: { type: 'canceled' } })
    const finished = (await api.app.inject(`/v1/jobs/${running}`)).json()
    expect(finished).toMatchObject({
      status: 'finished',
      attempt: 1,
      outcome: { type: 'canceled' },
      usage: { wallMs: 1, cpuMs: 1, peakMemoryBytes: null },
      output: { stdout: { encoding: 'utf8', data: '$ ' }, stderr: { encoding: 'utf8', data: '' }, truncated: false },
    })
    expect(await cancel(running)).toEqual(finished)
  })
})
