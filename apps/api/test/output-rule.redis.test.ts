import { once } from 'node:events'
import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { type Api, startApi } from './api.ts'
import { openStream } from './clients.ts'
import { holdKey, submitAs } from './key-holder.ts'
import { connectClient, refusalOf } from './socket-io/run-client.ts'

const SECRET = 'what the program prints'
const program = { code: `print(${JSON.stringify(SECRET)})`, language: 'python' }

const runPrograms = (api: Api): Promise<void> =>
  api.work(async ({ job, attempt }, publisher) => {
    const log = publisher.open(job.id, attempt)
    await log.start()
    await log.write('stdout', Buffer.from(SECRET))
    await log.finish({ type: 'exited', exitCode: 0 }, null)
  })

/** Every way by which a submission can bring output back, and a word for what came. */
const WAYS = {
  async wait(api: Api, headers: Readonly<Record<string, string>>) {
    const { statusCode, body } = await api.app.inject({
      method: 'POST',
      url: '/v1/jobs?wait=10000',
      headers,
      payload: program,
    })
    return `${statusCode} ${body}`
  },
  async 'a repeated Idempotency-Key'(api: Api, headers: Readonly<Record<string, string>>) {
    const send = () =>
      api.app.inject({
        method: 'POST',
        url: '/v1/jobs?wait=10000',
        headers: { ...headers, 'idempotency-key': 'again' },
        payload: program,
      })
    await send()
    const { statusCode, body } = await send()
    return `${statusCode} ${body}`
  },
  async cancel(api: Api, headers: Readonly<Record<string, string>>, id: string) {
    const { statusCode, body } = await api.app.inject({ method: 'DELETE', url: `/v1/jobs/${id}`, headers })
    return `${statusCode} ${body}`
  },
  async execute(api: Api, headers: Readonly<Record<string, string>>) {
    const { statusCode, body } = await api.app.inject({ method: 'POST', url: '/execute', headers, payload: program })
    return `${statusCode} ${body}`
  },
  async '/api/execute'(api: Api, headers: Readonly<Record<string, string>>) {
    const { statusCode, body } = await api.app.inject({
      method: 'POST',
      url: '/api/execute',
      headers,
      payload: program,
    })
    return `${statusCode} ${body}`
  },
} as const

const streamOf = async (url: string, headers: Readonly<Record<string, string>>, frames: readonly object[]) => {
  const stream = await openStream(url, headers)
  for (const [at, frame] of frames.entries()) {
    stream.send({ ...frame, ref: `${at}` })
    await eventually(() => expect(stream.answerTo(`${at}`)).toBeDefined())
  }
  return stream
}

describe('A key that may submit and not read', () => {
  test.for(Object.entries(WAYS))('sees no output by %s', async ([, way], { redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    await runPrograms(api)
    const reader = await holdKey(api)
    const { headers } = await holdKey(api, { scopes: ['submit'] })
    const id = await submitAs(api, reader, program)
    await eventually(async () => expect((await api.backend.subscriber.summary(id))?.status).toBe('finished'))
    const answer = await way(api, headers, id)
    expect(answer).toMatch(/^200 \{"id":"job_.*"outcome"|^403 .*This key may not read: it has the scopes submit/)
    expect(answer).not.toContain(SECRET)
    // It is there: another key of the same tenant sees it.
    expect(await way(api, reader.headers, id)).toContain(SECRET)
  })

  test('sees no output on a WebSocket', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    await runPrograms(api)
    const { headers } = await holdKey(api, { scopes: ['submit'] })
    const submit = { type: 'submit', job: program, idempotencyKey: 'once' }
    const { socket, frames } = await streamOf(await api.listen(), headers, [
      submit,
      { ...submit, subscribe: false },
      { ...submit, subscribe: false },
    ])
    const id = Object(frames[1]?.['job']).id
    await eventually(async () => expect((await api.backend.subscriber.summary(id))?.status).toBe('finished'))
    socket.send(JSON.stringify({ ...submit, subscribe: false, ref: 'again' }))
    socket.send(JSON.stringify({ type: 'subscribe', jobId: id, ref: 'follow' }))
    await eventually(() => expect(frames.length).toBe(5))
    expect(frames.map(({ type }) => type)).toEqual(['error', 'accepted', 'accepted', 'accepted', 'error'])
    expect(Object(frames[0]?.['error']).message).toBe(
      'This key may not see output, because it has no scope read: send `subscribe: false`',
    )
    expect(frames[3]).toMatchObject({ job: { id, status: 'finished', outcome: { type: 'exited' } } })
    expect(JSON.stringify(frames)).not.toContain(SECRET)
    socket.terminate()
    await once(socket, 'close')
  })

  test('is refused by socket.io, which shows output and nothing else', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const url = await api.listen()
    const { text } = await holdKey(api, { scopes: ['submit'] })
    const refusal = await refusalOf(url, resources, { auth: { apiKey: text } })
    expect([refusal.message, refusal.data?.['code']]).toEqual([
      'This key may not see output, because it has no scope read: submit with POST /v1/jobs',
      'forbidden',
    ])
    const both = await holdKey(api)
    await connectClient(url, resources, { auth: { apiKey: both.text } })
  })
})
