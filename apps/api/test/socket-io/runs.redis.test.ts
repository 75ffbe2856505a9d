import { randomBytes } from 'node:crypto'
import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { type Api, startApi } from '../api.ts'
import { connectClient, type RunClient } from './run-client.ts'

/** A program that prints a part of a line, then the rest, then ends. Its source is what it prints. */
const runPrograms = (api: Api): Promise<void> =>
  api.work(async ({ job }, publisher) => {
    const [file] = job.program.files
    const text = Buffer.from(file?.content ?? '')
    const log = publisher.open(job.id, 1)
    await log.start()
    await log.write('stdout', text.subarray(0, 3))
    await log.write('stderr', Buffer.from('careful\n'))
    await log.write('stdout', text.subarray(3))
    await log.finish({ type: 'exited', exitCode: 0 }, null)
  })

const runForEver = (api: Api): Promise<void> =>
  api.work(async ({ job, attempt, signal }, publisher) => {
    const log = publisher.open(job.id, attempt)
    if ((await log.start()) !== 'started') return
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    await log.finish({ type: 'canceled' }, null)
  })

const completes = ({ named }: RunClient, count = 1) =>
  eventually(() => expect(named('execution_complete').length).toBe(count))

const createBrowser = () => ({ cookie: `other=1; runnel_browser=${randomBytes(32).toString('base64url')}` })

const post = (url: string, headers: Readonly<Record<string, string>>, code: string): Promise<Response> =>
  fetch(`${url}/api/execute`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ code, language: 'python' }),
  })

describe('execute_code on socket.io', () => {
  test.for([
    ['that begins with polling', {}],
    ['that only polls', { transports: ['polling'] }],
    ['that is a WebSocket from the start', { transports: ['websocket'] }],
  ] as const)(
    'over a connection %s answers its own socket, line by line',
    async ([, options], { redisUrl, prefix, resources }) => {
      const api = await startApi({ redisUrl, prefix, resources })
      await runPrograms(api)
      const url = await api.listen()
      const transports = 'transports' in options ? [...options.transports] : ['polling', 'websocket']
      const client = await connectClient(url, resources, { transports })
      const other = await connectClient(url, resources, { transports })
      client.socket.emit('execute_code', { code: 'first\nlast', language: 'python' })
      await completes(client)
      const [started] = client.named('execution_start')
      const jobId = started?.['jobId']
      expect(client.events).toEqual([
        ['execution_start', { status: 'running', jobId: expect.stringMatching(/^job_/) }],
        ['execution_output', { output: 'careful', stream: 'stderr', jobId }],
        ['execution_output', { output: 'first', stream: 'stdout', jobId }],
        ['execution_output', { output: 'last', stream: 'stdout', jobId }],
        ['execution_complete', { status: 'completed', jobId, outcome: { type: 'exited', exitCode: 0 }, error: null }],
      ])
      expect(other.events).toEqual([])
    },
  )

  test('is refused with a sentence, as an event that ends the run, and the socket goes on', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    await runPrograms(api)
    const client = await connectClient(await api.listen(), resources)
    const refused = async (event: string, ...given: unknown[]): Promise<unknown> => {
      client.events.length = 0
      client.socket.emit(event, ...given)
      await completes(client)
      const [error] = client.named('execution_error')
      expect(client.lines()).toEqual([error?.['message']])
      expect(client.named('execution_complete')).toMatchObject([{ status: 'failed', error: error?.['message'] }])
      return error?.['message']
    }
    expect(await refused('execute_code')).toBe('Cannot read execute_code: it is missing')
    expect(await refused('execute_code', { code: 1 })).toBe('Cannot read code: it must be a string')
    expect(await refused('execute_code', { code: '1', wall: 1 })).toBe(
      'Cannot read execute_code: it has the unknown field "wall"',
    )
    expect(await refused('execute_code', { code: '1', language: 'html' })).toMatch(/^Cannot run HTML here/)
    expect(await refused('run', {})).toBe('Cannot serve "run": this socket takes execute_code')
    client.events.length = 0
    client.socket.emit('execute_code', { code: 'works', language: 'python' })
    await completes(client)
    expect(client.lines()).toEqual(['careful', 'works'])
    await api.backend.recorder.flush()
    const { accepted, refused: counted } = (await api.backend.stats.read({})).totals
    expect([accepted, counted]).toEqual([1, { 'invalid-request': 4 }])
  })

  test('is canceled when its socket closes', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    await runForEver(api)
    const client = await connectClient(await api.listen(), resources)
    client.socket.emit('execute_code', { code: 'wait', language: 'python' })
    await eventually(() => expect(client.named('execution_start').length).toBe(1))
    const id = client.named('execution_start')[0]?.['jobId']
    client.socket.close()
    await eventually(async () => {
      expect((await api.app.inject(`/v1/jobs/${id}`)).json().outcome).toEqual({ type: 'canceled' })
    })
  })

  test('runs at most sixteen programs of a socket at once', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const client = await connectClient(await api.listen(), resources)
    for (let n = 0; n < 17; n += 1) client.socket.emit('execute_code', { code: 'wait', language: 'python' })
    await completes(client)
    expect(client.named('execution_error')).toMatchObject([
      {
        code: 'too-many-subscriptions',
        message: 'Cannot show more than 16 runs at once on one socket: wait for one to finish, or open another socket',
      },
    ])
    client.socket.close()
    await eventually(async () => {
      const { jobs } = (await api.app.inject('/v1/jobs')).json()
      expect(jobs.map(({ outcome }: { outcome?: unknown }) => outcome)).toEqual(
        Array.from({ length: 16 }, () => ({ type: 'canceled' })),
      )
    })
  })
})

describe('POST /api/execute', () => {
  test('shows its lines on the sockets of its browser and on no other, with several API processes', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const apis = [
      await startApi({ redisUrl, prefix, resources }),
      await startApi({ redisUrl, prefix, resources }),
    ] as const
    await runPrograms(apis[0])
    const [first, second] = [await apis[0].listen(), await apis[1].listen()] as const
    const [one, other] = [createBrowser(), createBrowser()]
    const clients = {
      same: await connectClient(first, resources, { extraHeaders: one }),
      elsewhere: await connectClient(second, resources, { extraHeaders: one }),
      other: await connectClient(first, resources, { extraHeaders: other }),
      without: await connectClient(second, resources),
    }
    const answer = await post(first, one, 'for one')
    expect(await answer.json()).toMatchObject({ success: true, output: 'for one', error: 'careful\n' })
    await post(second, other, 'for the other')
    await post(second, {}, 'without a socket')
    await completes(clients.same)
    await completes(clients.elsewhere)
    await completes(clients.other)
    expect(clients.same.lines()).toEqual(['careful', 'for one'])
    expect(clients.elsewhere.lines()).toEqual(['careful', 'for one'])
    expect(clients.other.lines()).toEqual(['careful', 'for the other'])
    expect(clients.without.events).toEqual([])
  })

  test('ignores a cookie that is not 256 random bits', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    await runPrograms(api)
    const url = await api.listen()
    const guessable = { cookie: 'runnel_browser=1' }
    const client = await connectClient(url, resources, { extraHeaders: guessable })
    expect((await post(url, guessable, 'without a socket')).status).toBe(200)
    client.socket.emit('execute_code', { code: 'own', language: 'python' })
    await completes(client)
    expect(client.lines()).toEqual(['careful', 'own'])
  })
})
