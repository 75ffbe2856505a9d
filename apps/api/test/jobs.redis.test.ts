import { JOB_OUTPUT_BYTES, jobPageSchema } from '@runnel/contract/public'
import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { type Api, requestsToJobs, startApi } from './api.ts'

const UNKNOWN = `job_${'0'.repeat(32)}`

const submit = async ({ app }: Api, payload: object = { code: 'print(1)' }): Promise<string> =>
  (await app.inject({ method: 'POST', url: '/v1/jobs', payload })).json().id

describe('GET /v1/jobs/:id', () => {
  test('has the place of a queued job and the attempt of a running one', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const [first, second] = [await submit(api), await submit(api)]
    expect((await api.app.inject(`/v1/jobs/${first}`)).json()).toMatchObject({ status: 'queued', queuePosition: 0 })
    expect((await api.app.inject(`/v1/jobs/${second}`)).json()).toMatchObject({ status: 'queued', queuePosition: 1 })
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    await api.work(async ({ job, attempt }, publisher) => {
      const log = publisher.open(job.id, attempt)
      await log.start()
      await released
      await log.finish({ type: 'exited', exitCode: 3 }, { wallMs: 1, cpuMs: 1, peakMemoryBytes: 1 })
    })
    const running = await eventually(async () => {
      const job = (await api.app.inject(`/v1/jobs/${first}`)).json()
      expect(job.status).toBe('running')
      return job
    })
    expect(running).toMatchObject({ attempt: 1, startedAt: expect.any(String) })
    expect(running).not.toHaveProperty('queuePosition')
    expect(running).not.toHaveProperty('output')
    release()
    await eventually(async () => {
      expect((await api.app.inject(`/v1/jobs/${first}`)).json()).toMatchObject({
        status: 'finished',
        outcome: { type: 'exited', exitCode: 3 },
        output: { stdout: { data: '' }, stderr: { data: '' } },
      })
    })
  })

  test('answers with the output of the last attempt only', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const id = await submit(api)
    await api.work(async ({ job, attempt }, publisher) => {
      const lost = publisher.open(job.id, attempt)
      await lost.start()
      await lost.write('stdout', Buffer.from('lost\n'))
      const log = publisher.open(job.id, attempt + 1)
      await log.start()
      await log.write('stdout', Buffer.from('kept\n'))
      await log.finish({ type: 'exited', exitCode: 0 }, null)
    })
    await eventually(async () => {
      const job = (await api.app.inject(`/v1/jobs/${id}`)).json()
      expect(job).toMatchObject({ attempt: 2, output: { stdout: { data: 'kept\n' } } })
    })
  })

  test('answers with the first MiB of each stream, and says that there was more', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const id = await submit(api)
    await api.work(async ({ job, attempt }, publisher) => {
      const log = publisher.open(job.id, attempt)
      await log.start()
      await log.write('stdout', Buffer.alloc(JOB_OUTPUT_BYTES + 1, 'o'))
      await log.write('stderr', Buffer.alloc(JOB_OUTPUT_BYTES, 'e'))
      await log.finish({ type: 'exited', exitCode: 0 }, null)
    })
    await eventually(async () => {
      const { output } = (await api.app.inject(`/v1/jobs/${id}`)).json()
      expect([output.stdout.data.length, output.stderr.data.length]).toEqual([JOB_OUTPUT_BYTES, JOB_OUTPUT_BYTES])
      expect(output.truncated).toBe(true)
    })
  })

  test.for([UNKNOWN, 'job_1', 'x', '..%2fx', `job_${'A'.repeat(32)}`, '%00'])(
    'answers 404 for %s on every route',
    async (id, { redisUrl, prefix, resources }) => {
      const api = await startApi({ redisUrl, prefix, resources })
      for (const { method, path } of requestsToJobs(api)) {
        const response = await api.app.inject({
          method,
          url: `/v1/jobs/${id}${path}`,
          ...(method === 'POST' ? { payload: { data: 'x' } } : {}),
        })
        expect([method, path, response.statusCode]).toEqual([method, path, 404])
        if (method !== 'HEAD') expect(response.json().error.code).toBe('job-not-found')
      }
    },
  )
})

describe('DELETE /v1/jobs/:id', () => {
  test('finishes a queued job at once, and changes nothing the second time', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const id = await submit(api)
    const first = await api.app.inject({ method: 'DELETE', url: `/v1/jobs/${id}` })
    expect(first.statusCode).toBe(200)
    expect(first.json()).toMatchObject({
      id,
      status: 'finished',
      attempt: 0,
      outcome: { type: 'canceled' },
      usage: null,
    })
    const second = await api.app.inject({ method: 'DELETE', url: `/v1/jobs/${id}` })
    expect(second.json()).toEqual(first.json())
    expect(await api.backend.producer.place(id)).toBeUndefined()
  })

  test('sends the cancel to the worker of a running job, which ends it', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const id = await submit(api)
    await api.work(async ({ job, attempt, signal }, publisher) => {
      const log = publisher.open(job.id, attempt)
      await log.start()
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      await log.finish({ type: signal.reason }, { wallMs: 1, cpuMs: 1, peakMemoryBytes: null })
    })
    await eventually(async () => expect((await api.app.inject(`/v1/jobs/${id}`)).json().status).toBe('running'))
    expect((await api.app.inject({ method: 'DELETE', url: `/v1/jobs/${id}` })).statusCode).toBe(200)
    await eventually(async () => {
      expect((await api.app.inject(`/v1/jobs/${id}`)).json()).toMatchObject({
        status: 'finished',
        outcome: { type: 'canceled' },
      })
    })
    const finished = (await api.app.inject(`/v1/jobs/${id}`)).json()
    expect((await api.app.inject({ method: 'DELETE', url: `/v1/jobs/${id}` })).json()).toEqual(finished)
  })
})

describe('GET /v1/jobs', () => {
  test('lists every job once, newest first, in pages and without output', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const ids: string[] = []
    for (let n = 0; n < 7; n += 1) ids.push(await submit(api))
    await api.app.inject({ method: 'DELETE', url: `/v1/jobs/${ids[0]}` })
    const listed: string[] = []
    let cursor = ''
    for (const size of [3, 3, 1]) {
      const response = await api.app.inject(`/v1/jobs?limit=3${cursor}`)
      const page = jobPageSchema.parse(response.json())
      expect(page.jobs.length).toBe(size)
      listed.push(...page.jobs.map(({ id }) => id))
      cursor = page.next === undefined ? '' : `&cursor=${encodeURIComponent(page.next)}`
    }
    expect(cursor).toBe('')
    expect(listed.toSorted()).toEqual(ids.toSorted())
    const times = (await api.app.inject('/v1/jobs'))
      .json()
      .jobs.map(({ submittedAt }: { submittedAt: string }) => submittedAt)
    expect(times).toEqual(times.toSorted().reverse())
  })

  const NO_LIMIT = 'Cannot read limit: it must be a whole number from 1 to 100'
  test.for([
    ['limit=0', NO_LIMIT],
    ['limit=101', NO_LIMIT],
    ['limit=x', NO_LIMIT],
    ['limit=1.5', NO_LIMIT],
    ['limit=', NO_LIMIT],
    ['cursor=nonsense', 'Cannot use the cursor "nonsense": send the `next` of a page'],
    ['page=2', 'Cannot read the query: it has the unknown field "page"'],
    ['limit=1&limit=2', 'Cannot read limit: it must be a string'],
  ] as const)('refuses ?%s', async ([query, message], { redisUrl, prefix, resources }) => {
    const { app } = await startApi({ redisUrl, prefix, resources })
    const response = await app.inject(`/v1/jobs?${query}`)
    expect(response.statusCode).toBe(400)
    expect(response.json().error).toMatchObject({
      code: 'invalid-request',
      message,
    })
  })
})
