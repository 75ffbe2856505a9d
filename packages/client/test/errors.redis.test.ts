import { once } from 'node:events'
import { createServer } from 'node:http'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { holdKey } from '../../../apps/api/test/key-holder.ts'
import { Runnel, RunnelApiError, RunnelConnectionError } from '../src/index.ts'
import { clientTest as test } from './client-test.ts'

const WRONG_KEY = `rnl_${'a'.repeat(12)}_${'b'.repeat(43)}`
const UNKNOWN_JOB = `job_${'0'.repeat(32)}`

const thrownBy = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'nothing',
    (error: unknown) => error,
  )

const followAll = async (runnel: Runnel, id: string): Promise<void> => {
  for await (const _ of runnel.jobs.follow(id));
}

describe('An error', () => {
  test('of the API has its code, status, message and request id, over HTTP and over a WebSocket', async ({ start }) => {
    const { api, connect } = await start()
    const { text } = await holdKey(api)
    const right = connect({ apiKey: text })
    const wrong = connect({ apiKey: WRONG_KEY })
    const { id } = await right.jobs.submit({ language: 'python', code: 'wait' })
    const calls = [
      wrong.run('out a'),
      followAll(wrong, id),
      right.jobs.get(UNKNOWN_JOB),
      followAll(right, UNKNOWN_JOB),
      right.run('out a', { language: 'cobol' }),
      right.run('out a', { limits: { wallMs: 1 } }),
      right.request('GET', '/v1/admin/keys'),
      right.jobs.sendInput(id, 'x'),
    ]
    const errors = await Promise.all(calls.map(thrownBy))
    expect(errors.map((error) => (error instanceof RunnelApiError ? `${error.status} ${error.code}` : error))).toEqual([
      '401 unauthorized',
      '401 unauthorized',
      '404 job-not-found',
      '404 job-not-found',
      '400 unknown-language',
      '400 invalid-request',
      '403 forbidden',
      '409 stdin-closed',
    ])
    for (const error of errors) expect(error).toMatchObject({ requestId: expect.stringMatching(/^req_[0-9a-f]{32}$/) })
    expect(errors[5]).toMatchObject({ details: [{ path: 'limits.wallMs' }] })
    await right.jobs.cancel(id)
  })

  test('ends a follower whose key is revoked', async ({ start }) => {
    const { api, connect } = await start()
    const { text, key } = await holdKey(api)
    const runnel = connect({ apiKey: text })
    const { id } = await runnel.jobs.submit({ language: 'python', code: 'out a\nwait' })
    const follow = async (): Promise<void> => {
      for await (const { type } of runnel.jobs.follow(id)) if (type === 'stdout') await api.backend.keys.revoke(key.id)
    }
    expect(await thrownBy(follow())).toMatchObject({ code: 'unauthorized', status: 401 })
  })

  test('of the network says where it went, and what to check', async ({ start }) => {
    const { gate, connect } = await start()
    const runnel = connect()
    gate.close()
    const error = await thrownBy(runnel.languages())
    if (!(error instanceof RunnelConnectionError)) throw error
    expect(error.message).toBe(`Cannot reach Runnel at ${gate.url}: check that it runs, the address and the network`)
    expect(error.cause).toBeInstanceOf(TypeError)
  })

  test('of a request without an answer comes in time', async ({ start, resources }) => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    resources.defer(() => {
      silent.closeAllConnections()
      silent.close()
    })
    const address = silent.address()
    const { connect } = await start()
    const runnel = connect({ baseUrl: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}` })
    const error = await thrownBy(runnel.request('GET', '/v1/languages', { timeoutMs: 50 }))
    if (!(error instanceof RunnelConnectionError)) throw error
    expect(error.message).toContain('did not answer within 50 ms')
  })

  test('of something that is not Runnel says so', async ({ start, resources }) => {
    const other = createServer((_, response) => response.writeHead(502).end('<html>Bad gateway</html>')).listen(0)
    await once(other, 'listening')
    resources.defer(() => {
      other.closeAllConnections()
      other.close()
    })
    const address = other.address()
    const { connect } = await start()
    const runnel = connect({ baseUrl: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}` })
    expect(await thrownBy(runnel.languages())).toMatchObject({ code: 'unreadable-answer', status: 502 })
  })

  test('of a job that is canceled on disconnect does not come while its client is there', async ({ start }) => {
    const { api, connect } = await start()
    const runnel = connect()
    const job = { language: 'python', code: 'out a\nwait', cancelOnDisconnect: true }
    const { id } = await runnel.jobs.submit(job)
    await eventually(async () => expect((await api.backend.subscriber.summary(id))?.status).toBe('running'))
    runnel.close()
    await followAll(runnel, id)
    expect(await runnel.jobs.get(id)).toMatchObject({ status: 'finished', outcome: { type: 'canceled' } })
  })
})

test('A client that cannot know where the API is says what to give it', () => {
  expect(() => new Runnel()).toThrow(
    new TypeError(
      'Cannot find the API: give baseUrl, such as http://127.0.0.1:8080; only a page in a browser has a default',
    ),
  )
  expect(() => new Runnel({ baseUrl: 'run.example.org' })).toThrow('give an http or https URL')
  expect(() => new Runnel({ baseUrl: 'http://user@run.example.org' })).toThrow('give the key as apiKey')
})
