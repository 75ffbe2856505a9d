import { signalNames } from '@runnel/contract/public'
import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { type Api, startApi } from './api.ts'

const NO_SIGNAL =
  'Cannot read signal: it must be "SIGINT" or "SIGTERM" or "SIGHUP" or "SIGQUIT" or "SIGUSR1" or "SIGUSR2" or "SIGKILL"'
const REQUEST_ID = expect.stringMatching(/^req_[0-9a-f]{32}$/)

const submit = async ({ app }: Api): Promise<string> =>
  (await app.inject({ method: 'POST', url: '/v1/jobs', payload: { code: 'print(1)' } })).json().id

const post = ({ app }: Api, id: string, payload: object) =>
  app.inject({ method: 'POST', url: `/v1/jobs/${id}/signal`, payload })

/** Plays a program that prints the signals that it gets until the last one. */
const printSignals = (api: Api): Promise<void> =>
  api.work(async ({ job, attempt, controls }, publisher) => {
    const log = publisher.open(job.id, attempt)
    await log.start()
    for await (const control of controls) {
      if (control.type === 'signal') await log.write('stdout', Buffer.from(`${control.signal} `))
      if (control.type === 'signal' && control.signal === signalNames.at(-1)) break
    }
    await log.finish({ type: 'exited', exitCode: 0 }, null)
  })

describe('POST /v1/jobs/:id/signal', () => {
  test('sends every signal to the program, in order, those of a queued job when it starts', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const id = await submit(api)
    const [first, ...others] = signalNames
    expect((await post(api, id, { signal: first })).statusCode).toBe(204)
    await printSignals(api)
    for (const signal of others) {
      const response = await post(api, id, { signal })
      expect([response.statusCode, response.body]).toEqual([204, ''])
    }
    await eventually(async () => {
      const job = (await api.app.inject(`/v1/jobs/${id}`)).json()
      expect(job.output?.stdout.data).toBe(`${signalNames.join(' ')} `)
    })
    const late = await post(api, id, { signal: 'SIGINT' })
    expect([late.statusCode, late.json().error]).toEqual([
      409,
      { code: 'job-finished', message: 'Cannot reach this job: it has finished', requestId: REQUEST_ID },
    ])
  })

  test('answers 404 for a job that does not exist', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const response = await post(api, `job_${'0'.repeat(32)}`, { signal: 'SIGINT' })
    expect([response.statusCode, response.json().error]).toEqual([
      404,
      {
        code: 'job-not-found',
        message: 'There is no job with this id; a finished one is kept only for a while',
        requestId: REQUEST_ID,
      },
    ])
  })

  test.for<[string, object, string, string]>([
    ['nothing at all', {}, 'signal', NO_SIGNAL],
    ['a number', { signal: 9 }, 'signal', NO_SIGNAL],
    ['a signal that programs cannot be sent', { signal: 'SIGSTOP' }, 'signal', NO_SIGNAL],
    [
      'an unknown field',
      { signal: 'SIGINT', group: true },
      '',
      'Cannot read the body: it has the unknown field "group"',
    ],
  ])('refuses %s', async ([, payload, path, message], { redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const response = await post(api, await submit(api), payload)
    expect([response.statusCode, response.json().error]).toEqual([
      400,
      { code: 'invalid-request', message, details: [{ path, message }], requestId: REQUEST_ID },
    ])
  })
})
