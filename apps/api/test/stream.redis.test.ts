import { once } from 'node:events'
import { setImmediate as endOfTurn } from 'node:timers/promises'
import { serverFrameSchema, toBytes } from '@runnel/contract/public'
import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { WebSocket } from 'ws'
import { type Api, startApi } from './api.ts'
import { openStream } from './clients.ts'

/** Plays programs that print their own number, `print(7)`, and then their input until it ends. */
const playPrograms = (api: Api): Promise<void> =>
  api.work(async ({ job, attempt, controls, signal }, publisher) => {
    const log = publisher.open(job.id, attempt)
    await log.start()
    await log.write('stdout', Buffer.from(`${job.program.files[0]?.content}\n`))
    if (job.program.interactive) {
      for await (const control of controls) {
        if (control.type === 'stdin') await log.write('stdout', toBytes(control))
        if (control.type === 'signal') await log.write('stderr', Buffer.from(control.signal))
        if (control.type === 'stdin-end') break
      }
    }
    await log.finish(signal.aborted ? { type: 'canceled' } : { type: 'exited', exitCode: 0 }, null)
  })

type Stream = Awaited<ReturnType<typeof openStream>>

const eventsOf = ({ frames }: Stream, jobId: string) =>
  frames.flatMap((frame) => {
    const read = serverFrameSchema.parse(frame)
    return read.type === 'event' && read.event.jobId === jobId ? [read.event] : []
  })

const acceptedBy = (stream: Stream, ref: string): Promise<string> =>
  eventually(() => {
    const frame = serverFrameSchema.parse(stream.answerTo(ref))
    if (frame.type !== 'accepted') throw new Error(JSON.stringify(frame))
    return frame.job.id
  })

describe('GET /v1/stream', () => {
  test('answers for every accepted job, even if the client closes right after submitting', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const url = await api.listen()
    const answered: string[] = []
    for (let round = 0; round < 40; round += 1) {
      const stream = await openStream(url)
      stream.send({ type: 'submit', ref: 'job', job: { language: 'py', code: 'print(1)' } })
      for (let turn = 0; turn < round % 8; turn += 1) await endOfTurn()
      stream.socket.close()
      await once(stream.socket, 'close')
      if (stream.answerTo('job') !== undefined) answered.push(await acceptedBy(stream, 'job'))
    }
    const { jobs } = (await api.app.inject('/v1/jobs?limit=100')).json<{ jobs: { id: string }[] }>()
    expect(jobs.length).toBeGreaterThan(0)
    expect(answered.sort()).toEqual(jobs.map(({ id }) => id).sort())
  })

  test('submits many jobs on one socket and sends the events of each after its answer', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const stream = await openStream(await api.listen())
    await playPrograms(api)
    for (let n = 0; n < 30; n += 1) {
      stream.send({ type: 'submit', ref: `job ${n}`, job: { language: 'py', code: `print(${n})` } })
    }
    for (let n = 0; n < 30; n += 1) {
      const id = await acceptedBy(stream, `job ${n}`)
      const events = await eventually(() => {
        const found = eventsOf(stream, id)
        expect(found.at(-1)?.type).toBe('finished')
        return found
      })
      expect(events.map(({ type }) => type)).toEqual(['queued', 'started', 'stdout', 'finished'])
      expect(events.find((event) => event.type === 'stdout')).toMatchObject({ data: `print(${n})\n` })
      const answered = stream.frames.findIndex((frame) => frame.ref === `job ${n}`)
      const firstEvent = stream.frames.findIndex((frame) => JSON.stringify(frame['event'] ?? '').includes(id))
      expect(answered).toBeLessThan(firstEvent)
    }
    stream.socket.terminate()
  })

  test('writes to a job, signals it and ends its input', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const stream = await openStream(await api.listen())
    await playPrograms(api)
    stream.send({ type: 'submit', ref: 'a', job: { code: 'print(1)', interactive: true } })
    const jobId = await acceptedBy(stream, 'a')
    for (let n = 0; n < 20; n += 1) stream.send({ type: 'stdin', jobId, data: `${n},` })
    stream.send({ type: 'signal', ref: 'signal', jobId, signal: 'SIGINT' })
    stream.send({ type: 'stdin', ref: 'end', jobId, end: true })
    await eventually(() => expect(eventsOf(stream, jobId).at(-1)?.type).toBe('finished'))
    const text = (type: 'stdout' | 'stderr') =>
      eventsOf(stream, jobId)
        .map((event) => (event.type === type ? event.data : ''))
        .join('')
    expect(text('stdout')).toBe(`print(1)\n${Array.from({ length: 20 }, (_, n) => `${n},`).join('')}`)
    expect(text('stderr')).toBe('SIGINT')
    expect(stream.answerTo('signal')).toEqual({ type: 'ok', ref: 'signal' })
    expect(stream.answerTo('end')).toEqual({ type: 'ok', ref: 'end' })
    stream.send({ type: 'stdin', ref: 'late', jobId, data: 'x' })
    await eventually(() =>
      expect(stream.answerTo('late')).toMatchObject({ type: 'error', error: { code: 'job-finished' } }),
    )
    stream.socket.terminate()
  })

  test('follows a job after a given event, and no longer after unsubscribe', async ({
    redis,
    redisUrl,
    prefix,
    resources,
    redisKeys,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const stream = await openStream(await api.listen())
    stream.send({ type: 'submit', ref: 'a', subscribe: false, job: { code: 'print(1)' } })
    const jobId = await acceptedBy(stream, 'a')
    const watchers = async () => Number((await redis.pubsub('NUMSUB', redisKeys.events(jobId)))[1])
    expect(await watchers()).toBe(0)
    stream.send({ type: 'subscribe', ref: 'b', jobId, after: '0-1' })
    await eventually(async () => expect(await watchers()).toBe(1))
    stream.send({ type: 'unsubscribe', ref: 'c', jobId })
    await eventually(async () => expect(await watchers()).toBe(0))
    stream.send({ type: 'cancel', ref: 'd', jobId })
    await eventually(() => expect(stream.answerTo('d')).toEqual({ type: 'ok', ref: 'd' }))
    expect(eventsOf(stream, jobId)).toEqual([])
    stream.send({ type: 'subscribe', ref: 'e', jobId, after: '0-1' })
    await eventually(() => expect(eventsOf(stream, jobId).map(({ type }) => type)).toEqual(['finished']))
    stream.socket.terminate()
  })

  const UNKNOWN = `job_${'0'.repeat(32)}`
  test('answers a ping, and says so if nothing follows the event to continue after', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    await playPrograms(api)
    const stream = await openStream(await api.listen())
    stream.send({ type: 'submit', ref: 'job', job: { code: 'print(1)' } })
    const jobId = await acceptedBy(stream, 'job')
    const last = await eventually(() => {
      const finished = eventsOf(stream, jobId).at(-1)
      if (finished?.type !== 'finished') throw new Error('Not finished')
      return finished.id
    })
    stream.send({ type: 'subscribe', ref: 'end', jobId, after: last })
    await eventually(() =>
      expect(stream.frames.at(-1)).toMatchObject({ type: 'error', jobId, error: { code: 'job-finished' } }),
    )
    stream.send({ type: 'ping', ref: 'alive' })
    await eventually(() => expect(stream.answerTo('alive')).toEqual({ type: 'ok', ref: 'alive' }))
    stream.socket.terminate()
  })

  test('answers every bad frame with an error that has its ref, and stays open', async ({
    redis,
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const stream = await openStream(await api.listen())
    const NO_JOB = 'There is no job with this id; a finished one is kept only for a while'
    const bad: [frame: unknown, code: string, message: string][] = [
      ['not json', 'invalid-request', 'Cannot read the frame: it is not valid JSON'],
      ['', 'invalid-request', 'Cannot read the frame: it is not valid JSON'],
      ['null', 'invalid-request', 'Cannot read the frame: it must be an object'],
      ['[1]', 'invalid-request', 'Cannot read the frame: it must be an object'],
      [Buffer.of(0xff, 0xfe), 'invalid-request', 'Cannot read the frame: it is binary; send JSON as text'],
      [{ type: 'dance' }, 'invalid-request', 'Cannot read type: it matches none of the allowed forms'],
      [{ ref: 'x' }, 'invalid-request', 'Cannot read type: it matches none of the allowed forms'],
      [{ type: 'submit' }, 'invalid-request', 'Cannot read job: it is missing'],
      [{ type: 'submit', job: { code: '' } }, 'invalid-request', 'Nothing to run: `code` is empty (job.code)'],
      [
        { type: 'submit', job: { code: 'x', colour: 'red' } },
        'invalid-request',
        'Cannot read the frame: it has the unknown field "job.colour"',
      ],
      [
        { type: 'submit', job: { code: 'x', language: 'cobol' } },
        'unknown-language',
        'Cannot run the language "cobol". The languages here are python (py, python3, py3), javascript (js, node, nodejs, mjs, cjs, jsx), typescript (ts, mts, cts, tsx), bash (sh, shell, shellscript), html (htm, xhtml)',
      ],
      [
        { type: 'submit', job: { code: 'x', limits: { wallMs: 0 } } },
        'invalid-request',
        'Cannot read limits.wallMs: 0 is not a whole number from 10 to 300000 (job.limits.wallMs)',
      ],
      [
        { type: 'subscribe', jobId: 'x' },
        'invalid-request',
        'Not a job id: one looks like job_ and 32 hex digits (jobId)',
      ],
      [{ type: 'subscribe', jobId: UNKNOWN }, 'job-not-found', NO_JOB],
      [
        { type: 'subscribe', jobId: UNKNOWN, after: 'x' },
        'invalid-request',
        'Cannot resume after "x": an event id looks like "1-12"',
      ],
      [{ type: 'stdin', jobId: UNKNOWN }, 'job-not-found', NO_JOB],
      [{ type: 'stdin', jobId: UNKNOWN, data: 'x' }, 'job-not-found', NO_JOB],
      [
        { type: 'stdin', jobId: UNKNOWN, data: '%', encoding: 'base64' },
        'invalid-request',
        'Cannot read data: it is not base64',
      ],
      [
        { type: 'signal', jobId: UNKNOWN, signal: 'SIGSEGV' },
        'invalid-request',
        'Cannot read signal: it must be "SIGINT" or "SIGTERM" or "SIGHUP" or "SIGQUIT" or "SIGUSR1" or "SIGUSR2" or "SIGKILL"',
      ],
      [{ type: 'cancel', jobId: UNKNOWN }, 'job-not-found', NO_JOB],
    ]
    for (const [at, [frame, code, message]] of bad.entries()) {
      const isObject = typeof frame === 'object' && frame !== null && !Buffer.isBuffer(frame)
      const named = isObject ? { ref: `bad ${at}`, ...frame } : frame
      if (Buffer.isBuffer(named)) stream.socket.send(named)
      else stream.send(named)
      await eventually(() => expect(stream.frames.length).toBe(at + 1))
      const answer = serverFrameSchema.parse(stream.frames[at])
      expect(answer).toMatchObject({
        type: 'error',
        error: { code, message, requestId: expect.stringMatching(/^req_/) },
      })
      expect('ref' in answer ? answer.ref : undefined).toBe(isObject ? Object(named).ref : undefined)
    }
    expect(stream.socket.readyState).toBe(WebSocket.OPEN)
    expect(await redis.keys(`${prefix}*`)).toEqual([])
    stream.socket.terminate()
  })

  test('follows 64 jobs at most, and makes room when one is unsubscribed', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const stream = await openStream(await api.listen())
    for (let n = 0; n < 64; n += 1) stream.send({ type: 'submit', ref: `${n}`, job: { code: 'print(1)' } })
    const first = await acceptedBy(stream, '0')
    await acceptedBy(stream, '63')
    stream.send({ type: 'submit', ref: 'too many', job: { code: 'print(1)' } })
    await eventually(() =>
      expect(stream.answerTo('too many')).toMatchObject({ type: 'error', error: { code: 'too-many-subscriptions' } }),
    )
    expect((await api.app.inject('/v1/jobs?limit=100')).json().jobs.length).toBe(64)
    stream.send({ type: 'subscribe', ref: 'again', jobId: first, after: '0-1' })
    stream.send({ type: 'unsubscribe', ref: 'less', jobId: first })
    stream.send({ type: 'submit', ref: 'fits', job: { code: 'print(1)' } })
    await acceptedBy(stream, 'fits')
    expect(stream.answerTo('again')).toEqual({ type: 'ok', ref: 'again' })
    stream.socket.terminate()
  })

  test('closes a socket that sends a frame over the limit with 1009', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const stream = await openStream(await api.listen())
    stream.send('x'.repeat(9 * 1024 * 1024))
    const [code] = await once(stream.socket, 'close')
    expect(code).toBe(1009)
  })

  test('answers a plain GET with 400', async ({ redisUrl, prefix, resources }) => {
    const { app } = await startApi({ redisUrl, prefix, resources })
    const response = await app.inject('/v1/stream')
    expect([response.statusCode, response.json().error.code]).toEqual([400, 'invalid-request'])
  })
})
