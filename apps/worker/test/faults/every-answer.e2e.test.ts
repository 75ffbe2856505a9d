import { jobSchema } from '@runnel/contract/public'
import { redisTest as test } from '@runnel/redis/testing'
import { eventually, startLossyProxy } from '@runnel/testing'
import { type System, startSystem, stdoutOf } from '@runnel/testing/system'
import { describe, expect } from 'vitest'

/** Without containers, because this tests Redis, which a worker uses in the same way. */
const ENV = { RUNNEL_SANDBOX: 'local', RUNNEL_LOCK_MS: '2000' }
/** Prints twice with a pause, so that there are events between the first and the last. */
const CODE = 'import time\nprint("running", flush=True)\ntime.sleep(0.1)\nprint("ended")'
/** A job needs fewer answers. The later ones belong to what the processes do in the background. */
const ANSWERS = 16
/** A client that tries again, as every client should. */
const RETRY = { withinMs: 20_000, everyMs: 50 }

const submit = (system: System, key: string) =>
  eventually(async () => {
    const answer = await fetch(`${system.url}/v1/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify({ language: 'python', code: CODE }),
    })
    expect(answer.status).toBe(202)
    return jobSchema.parse(await answer.json())
  }, RETRY)

const expectOnce = async (system: System, id: string, nth: number) => {
  const job = await eventually(() => system.finished(id), RETRY)
  expect([nth, job.outcome]).toEqual([nth, { type: 'exited', exitCode: 0 }])
  expect([nth, stdoutOf(job)]).toEqual([nth, 'running\nended\n'])
  const events = await eventually(() => system.events(id), RETRY)
  expect(events.filter(({ type }) => type === 'finished')).toHaveLength(1)
  expect(new Set(events.map((event) => event.id)).size).toBe(events.length)
}

describe.concurrent('A job finishes exactly once if any one answer of Redis is lost, with its connection,', () => {
  test('by its worker', async ({ redisUrl, prefix }) => {
    await using proxy = await startLossyProxy(redisUrl)
    await using system = await startSystem({ redisUrl, prefix, workers: 0, env: ENV })
    const worker = await system.startWorker({ REDIS_URL: proxy.url })
    for (let nth = 1; nth <= ANSWERS; nth += 1) {
      proxy.loseAnswer(nth)
      const { id } = await submit(system, `${nth}`)
      await expectOnce(system, id, nth)
      await eventually(() => proxy.lost === nth, RETRY)
    }
    expect(worker.hasExited).toBe(false)
  })

  test('by its API, and submitted again is the same job', async ({ redisUrl, prefix }) => {
    await using proxy = await startLossyProxy(redisUrl)
    await using system = await startSystem({ redisUrl, prefix, workers: 0, env: { ...ENV, REDIS_URL: proxy.url } })
    await system.startWorker({ REDIS_URL: redisUrl })
    for (let nth = 1; nth <= ANSWERS; nth += 1) {
      proxy.loseAnswer(nth)
      const { id } = await submit(system, `${nth}`)
      await expectOnce(system, id, nth)
      expect((await submit(system, `${nth}`)).id).toBe(id)
      await eventually(() => proxy.lost === nth, RETRY)
    }
    expect(system.api.hasExited).toBe(false)
  })
})
