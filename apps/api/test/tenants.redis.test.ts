import { once } from 'node:events'
import { jobPageSchema, serverFrameSchema, tenantLimitsSchema } from '@runnel/contract/public'
import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { WebSocket } from 'ws'
import { type Api, requestsToJobs, startApi } from './api.ts'
import { openStream } from './clients.ts'
import { holdKey, submitAs } from './key-holder.ts'

const withoutRequestId = ({ error: { requestId: _, ...error } }: { error: Record<string, unknown> }) => error

/** A request with a bad body is refused before its job is looked up. */
const GOOD_BODIES: Readonly<Record<string, object>> = {
  '/stdin': { data: 'x' },
  '/signal': { signal: 'SIGINT' },
  '/resize': { cols: 80, rows: 24 },
}

describe("Another tenant's job", () => {
  test('cannot be seen, canceled, written to, followed or listed: the answer is as for a job that never existed', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const acme = await holdKey(api)
    const spy = await holdKey(api, { tenant: 'spy', scopes: ['submit', 'read', 'admin'] })
    const id = await submitAs(api, acme, { interactive: true })
    const url = (await api.listen()).replace('http', 'ws')
    const jobRequests = requestsToJobs(api)
    expect(jobRequests.length).toBeGreaterThan(4)
    const ask = async (jobId: string) => {
      const answers: unknown[] = []
      for (const { method, path } of jobRequests) {
        const response = await api.app.inject({
          method,
          url: `/v1/jobs/${jobId}${path}`,
          headers: spy.headers,
          ...(method === 'POST' ? { payload: GOOD_BODIES[path] ?? {} } : {}),
        })
        expect([method, path, response.statusCode]).toEqual([method, path, 404])
        const { date: _, 'content-length': __, ...headers } = response.headers
        const body = method === 'HEAD' ? '' : withoutRequestId(response.json())
        answers.push([method, path, response.statusCode, body, headers])
      }
      const ticket = await api.app.inject({
        method: 'POST',
        url: '/v1/tickets',
        headers: spy.headers,
        payload: { jobIds: [jobId] },
      })
      answers.push([ticket.statusCode, withoutRequestId(ticket.json())])
      const socket = new WebSocket(`${url}/v1/jobs/${jobId}/events`, { headers: spy.headers })
      const [, refused] = await once(socket, 'unexpected-response')
      answers.push(refused.statusCode)
      return answers
    }
    const foreign = await ask(id)
    expect(foreign).toEqual(await ask(await api.backend.jobIds.create('spy')))
    expect(foreign).toEqual(await ask(`job_${'0'.repeat(32)}`))

    const list = async (headers: object) =>
      jobPageSchema.parse((await api.app.inject({ url: '/v1/jobs', headers: { ...headers } })).json())
    expect((await list(spy.headers)).jobs).toEqual([])
    const [job] = (await list(acme.headers)).jobs
    expect(job).toMatchObject({ id, status: 'queued' })
  })

  test('gets the same answer to every frame of a stream as a job that never existed', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const acme = await holdKey(api)
    const spy = await holdKey(api, { tenant: 'spy' })
    const stream = await openStream(await api.listen(), spy.headers)
    const { jobIds } = api.backend
    const ids = [
      await submitAs(api, acme, { interactive: true }),
      await jobIds.create('spy'),
      await jobIds.create('acme'),
    ]
    const frames = [
      { type: 'subscribe' },
      { type: 'subscribe', after: '0-1' },
      { type: 'stdin', data: 'x' },
      { type: 'stdin', end: true },
      { type: 'signal', signal: 'SIGKILL' },
      { type: 'cancel' },
    ]
    for (const [row, frame] of frames.entries()) {
      for (const jobId of ids) stream.send({ ...frame, jobId, ref: `${row} ${jobId}` })
      const answers = await eventually(() =>
        ids.map((jobId) => {
          const answer = serverFrameSchema.parse(stream.answerTo(`${row} ${jobId}`))
          if (answer.type !== 'error') throw new Error(JSON.stringify(answer))
          return [answer.jobId === jobId, withoutRequestId(answer)]
        }),
      )
      expect(answers[0]).toEqual([true, expect.objectContaining({ code: 'job-not-found' })])
      expect(answers).toEqual(ids.map(() => answers[0]))
    }
    expect((await api.app.inject({ url: `/v1/jobs/${ids[0]}`, headers: acme.headers })).json().status).toBe('queued')
    stream.socket.terminate()
  })

  test('cannot be claimed: only the key decides which tenant a job belongs to', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const { headers } = await holdKey(api)
    for (const field of ['tenant', 'tenantId', 'id', 'jobId']) {
      const payload = { code: 'print(1)', [field]: 'spy' }
      const response = await api.app.inject({ method: 'POST', url: '/v1/jobs', headers, payload })
      expect([field, response.statusCode]).toEqual([field, 400])
    }
    const response = await api.app.inject({
      method: 'POST',
      url: '/v1/jobs',
      headers: { ...headers, 'x-tenant': 'spy', 'x-runnel-tenant': 'spy' },
      payload: { code: 'print(1)' },
    })
    expect((await api.backend.producer.find(response.json().id))?.tenantId).toBe('acme')
  })

  test('is shared by all keys of its own tenant', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const id = await submitAs(api, await holdKey(api))
    const { headers } = await holdKey(api)
    expect((await api.app.inject({ url: `/v1/jobs/${id}`, headers })).statusCode).toBe(200)
    expect((await api.app.inject({ method: 'DELETE', url: `/v1/jobs/${id}`, headers })).statusCode).toBe(200)
  })
})

describe("A tenant's limits", () => {
  const setLimits = ({ backend }: Api, limits: object) =>
    backend.tenants.set({ id: 'acme', limits: tenantLimitsSchema.parse(limits) })

  test('bound the limits that a job chooses, and lower the defaults', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const { headers } = await holdKey(api)
    await setLimits(api, { limits: { wallMs: 60_000, memoryBytes: 64 * 1024 * 1024 } })
    const submit = (limits: object) =>
      api.app.inject({ method: 'POST', url: '/v1/jobs', headers, payload: { code: 'print(1)', limits } })
    const refused = await submit({ wallMs: 90_000 })
    expect([refused.statusCode, refused.json().error.message]).toEqual([
      400,
      "Cannot read limits.wallMs: 90000 is over this tenant's maximum of 60000",
    ])
    // Also if it is the default of all other tenants.
    expect((await submit({ memoryBytes: 256 * 1024 * 1024 })).statusCode).toBe(400)
    expect((await submit({})).json().limits).toMatchObject({ wallMs: 30_000, memoryBytes: 64 * 1024 * 1024 })
    expect((await submit({ wallMs: 60_000 })).json().limits).toMatchObject({ wallMs: 60_000 })
    const executed = api.app.inject({ method: 'POST', url: '/execute', headers, payload: { code: 'print(1)' } })
    await eventually(async () => {
      const { jobs } = (await api.app.inject({ url: '/v1/jobs', headers })).json()
      expect(jobs.length).toBe(3)
      for (const job of jobs) expect(job.limits.memoryBytes).toBe(64 * 1024 * 1024)
    })
    void executed
  })

  test('can restrict the languages', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const { headers } = await holdKey(api)
    await setLimits(api, { languages: ['python'] })
    const { languages } = (await api.app.inject({ url: '/v1/languages', headers })).json()
    expect(languages.map(({ id }: { id: string }) => id)).toEqual(['python'])
    for (const url of ['/v1/jobs', '/execute']) {
      const payload = { code: 'echo 1', language: 'bash' }
      const response = await api.app.inject({ method: 'POST', url, headers, payload })
      expect([response.statusCode, response.json().error.code]).toEqual([400, 'unknown-language'])
      expect(response.json().error.message).toContain('The languages here are python')
    }
  })

  test('apply to a stream that is open already', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const { headers } = await holdKey(api)
    const stream = await openStream(await api.listen(), headers)
    const job = { code: 'print(1)', limits: { wallMs: 5_000 } }
    stream.send({ type: 'submit', ref: 'a', job })
    await eventually(() => expect(stream.answerTo('a')).toMatchObject({ type: 'accepted' }))
    await setLimits(api, { limits: { wallMs: 1_000 } })
    let tries = 0
    await eventually(async () => {
      tries += 1
      const ref = `b${tries}`
      stream.send({ type: 'submit', ref, job })
      await eventually(() => expect(stream.answerTo(ref)).toBeDefined())
      expect(stream.answerTo(ref)).toMatchObject({ type: 'error', error: { code: 'invalid-request' } })
    })
    stream.socket.terminate()
  })
})
