import { signalNames } from '@runnel/contract/public'
import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { type Api, startApi } from './api.ts'

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
    expect([late.statusCode, late.json().error.code]).toEqual([409, 'job-finished'])
  })

  test('answers 404 for a job that does not exist', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const response = await post(api, `job_${'0'.repeat(32)}`, { signal: 'SIGINT' })
    expect([response.statusCode, response.json().error.code]).toEqual([404, 'job-not-found'])
  })

  test.for<[string, object, string]>([
    ['nothing at all', {}, 'signal'],
    ['a number', { signal: 9 }, 'signal'],
    ['a signal that programs cannot be sent', { signal: 'SIGSTOP' }, '"SIGINT"'],
    ['an unknown field', { signal: 'SIGINT', group: true }, 'group'],
  ])('refuses %s', async ([, payload, word], { redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const response = await post(api, await submit(api), payload)
    expect(response.statusCode).toBe(400)
    expect(response.json().error.message).toContain(word)
  })
})
