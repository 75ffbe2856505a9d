import { PROGRAM, toBytes } from '@runnel/contract/public'
import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { type Api, startApi } from './api.ts'

const submit = async ({ app }: Api, interactive: boolean): Promise<string> =>
  (await app.inject({ method: 'POST', url: '/v1/jobs', payload: { code: 'print(1)', interactive } })).json().id

/** Plays a program that prints its input back until the input ends. */
const echo = (api: Api): Promise<void> =>
  api.work(async ({ job, attempt, controls }, publisher) => {
    const log = publisher.open(job.id, attempt)
    await log.start()
    for await (const control of controls) {
      if (control.type === 'stdin') await log.write('stdout', toBytes(control))
      if (control.type === 'stdin-end') break
    }
    await log.finish({ type: 'exited', exitCode: 0 }, null)
  })

const BYTES = { 'content-type': 'application/octet-stream' }

describe('POST /v1/jobs/:id/stdin', () => {
  test('sends bytes, text, base64 and the end to the program, in order', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const id = await submit(api, true)
    const post = async (options: object, query = '') => {
      const response = await api.app.inject({ method: 'POST', url: `/v1/jobs/${id}/stdin${query}`, ...options })
      expect([response.statusCode, response.body]).toEqual([204, ''])
    }
    await post({ payload: { data: 'while queued, ' } })
    await echo(api)
    await post({ payload: Buffer.from('bytes \u{1f600}, '), headers: BYTES })
    await post({ payload: Buffer.of(0, 0xff), headers: BYTES })
    await post({ payload: { data: Buffer.from('base64').toString('base64'), encoding: 'base64' } })
    await post({ payload: Buffer.from('.'), headers: BYTES }, '?end=true')
    const expected = Buffer.concat([
      Buffer.from('while queued, bytes \u{1f600}, '),
      Buffer.of(0, 0xff),
      Buffer.from('base64.'),
    ])
    await eventually(async () => {
      const job = (await api.app.inject(`/v1/jobs/${id}`)).json()
      expect(job.status).toBe('finished')
      expect(Buffer.from(toBytes(job.output.stdout))).toEqual(expected)
    })
    const late = await api.app.inject({ method: 'POST', url: `/v1/jobs/${id}/stdin`, payload: { data: 'x' } })
    expect([late.statusCode, late.json().error.code]).toEqual([409, 'job-finished'])
  })

  test('ends the input with a JSON body, or with an empty body of bytes', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    await echo(api)
    for (const options of [
      { payload: { end: true } },
      { payload: Buffer.of(), headers: BYTES, query: { end: 'true' } },
    ]) {
      const id = await submit(api, true)
      expect((await api.app.inject({ method: 'POST', url: `/v1/jobs/${id}/stdin`, ...options })).statusCode).toBe(204)
      await eventually(async () => expect((await api.app.inject(`/v1/jobs/${id}`)).json().status).toBe('finished'))
    }
  })

  test('answers 409 for a job that is not interactive', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const id = await submit(api, false)
    const response = await api.app.inject({ method: 'POST', url: `/v1/jobs/${id}/stdin`, payload: { data: 'x' } })
    expect(response.statusCode).toBe(409)
    expect(response.json().error).toMatchObject({
      code: 'stdin-closed',
      message: expect.stringContaining('interactive: true'),
    })
  })

  test('answers 413 after a job was sent as much as it may get, and the end still arrives', async ({
    redis,
    redisUrl,
    prefix,
    resources,
    redisKeys,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const id = await submit(api, true)
    const post = (payload: Buffer, query = {}) =>
      api.app.inject({ method: 'POST', url: `/v1/jobs/${id}/stdin`, headers: BYTES, payload, query })
    const piece = Buffer.alloc(PROGRAM.stdinBytes, 'x')
    for (let sent = 0; sent < PROGRAM.stdinTotalBytes; sent += piece.length) {
      expect((await post(piece)).statusCode).toBe(204)
    }
    const refused = await post(Buffer.from('x'), { end: 'true' })
    expect([refused.statusCode, refused.json().error.code]).toEqual([413, 'stdin-full'])
    expect(refused.json().error.message).toContain(`${PROGRAM.stdinTotalBytes}`)
    expect((await post(Buffer.of(), { end: 'true' })).statusCode).toBe(204)
    await echo(api)
    await eventually(
      async () => {
        const job = (await api.app.inject(`/v1/jobs/${id}`)).json()
        expect(job.status).toBe('finished')
        const whole = { attempt: job.attempt, maxBytes: PROGRAM.stdinTotalBytes + 1 }
        expect((await api.backend.subscriber.output(id, whole)).stdout).toHaveLength(PROGRAM.stdinTotalBytes)
      },
      { withinMs: 10_000 },
    )
    expect(await redis.exists(redisKeys.stdin(id), redisKeys.control(id))).toBe(0)
  })

  test.for<[string, object, number, string]>([
    ['nothing at all', { payload: {} }, 400, 'Nothing to do: send data, or end: true, or both'],
    ['a number for data', { payload: { data: 1 } }, 400, 'Cannot read data: it must be a string'],
    [
      'an unknown encoding',
      { payload: { data: 'x', encoding: 'hex' } },
      400,
      'Cannot read encoding: it must be "utf8" or "base64"',
    ],
    ['broken base64', { payload: { data: 'x', encoding: 'base64' } }, 400, 'Cannot read data: it is not base64'],
    [
      'a lone surrogate',
      { payload: '{"data":"\\ud800"}', headers: { 'content-type': 'application/json' } },
      400,
      'Cannot read data: it has a lone surrogate, which UTF-8 cannot encode: send it as base64',
    ],
    [
      'an unknown field',
      { payload: { data: 'x', eof: true } },
      400,
      'Cannot read the body: it has the unknown field "eof"',
    ],
    [
      'an unknown end',
      { payload: Buffer.from('x'), headers: BYTES, query: { end: '1' } },
      400,
      'Cannot read end: it must be "true" or "false"',
    ],
    [
      'text',
      { payload: 'x', headers: { 'content-type': 'text/plain' } },
      415,
      'Cannot read the body: send it with Content-Type: application/json',
    ],
    [
      'more than a mebibyte',
      { payload: Buffer.alloc(1024 * 1024 + 1), headers: BYTES },
      413,
      'Cannot take more than 1048576 bytes of input at once: send it in pieces',
    ],
  ])('refuses %s', async ([, options, status, message], { redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const id = await submit(api, true)
    const response = await api.app.inject({ method: 'POST', url: `/v1/jobs/${id}/stdin`, ...options })
    expect([response.statusCode, response.json().error.message]).toEqual([status, message])
  })
})
