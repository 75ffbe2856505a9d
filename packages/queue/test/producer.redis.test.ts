import { eventually, startRedis, uniquePrefix } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { connectParts, newJob } from './parts.ts'
import { queueTest as test } from './parts-fixture.ts'

describe('the producer', () => {
  test('gives the place of a job, first come, first served', async ({ parts: { producer, consume } }) => {
    const jobs = [newJob(), newJob(), newJob()]
    for (const job of jobs) await producer.enqueue(job)
    expect(await Promise.all(jobs.map(({ id }) => producer.place(id)))).toEqual(
      [0, 1, 2].map((position) => ({ position })),
    )
    expect(await producer.place(newJob().id)).toBeUndefined()

    const order: string[] = []
    consume(
      async ({ job }) => {
        order.push(job.id)
        return 'done'
      },
      { concurrency: 1 },
    )
    await eventually(() => order.length === 3)
    expect(order).toEqual(jobs.map(({ id }) => id))
    expect(await producer.place(jobs[0]?.id ?? '')).toBeUndefined()
  })

  test('finds a job as it was enqueued', async ({ parts: { producer } }) => {
    const job = newJob()
    await producer.enqueue(job)
    expect(await producer.find(job.id)).toEqual(job)
    expect(await producer.find(newJob().id)).toBeUndefined()
  })

  test('enqueues a job once, even if it is called again', async ({ parts: { producer, consume } }) => {
    const job = newJob()
    await Promise.all([producer.enqueue(job), producer.enqueue(job)])
    const ran: string[] = []
    consume(async ({ job: { id } }) => {
      ran.push(id)
      return 'done'
    })
    await eventually(() => ran.length === 1)
    await producer.enqueue(job)
    const last = newJob()
    await producer.enqueue(last)
    await eventually(() => ran.includes(last.id))
    expect(ran).toEqual([job.id, last.id])
  })

  test('removes a job that waits, but not a running or unknown one', async ({ parts: { producer, consume } }) => {
    const [waiting, taken] = [newJob(), newJob()]
    await producer.enqueue(waiting)
    expect(await producer.remove(waiting.id)).toBe(true)
    expect(await producer.remove(waiting.id)).toBe(false)
    expect(await producer.find(waiting.id)).toBeUndefined()

    const { promise: release, resolve } = Promise.withResolvers<void>()
    let started = ''
    consume(async ({ job }) => {
      started = job.id
      await release
      return 'done'
    })
    await producer.enqueue(taken)
    await eventually(() => started === taken.id)
    expect(await producer.remove(taken.id)).toBe(false)
    resolve()
  })

  test('either removes a job or leaves it to a worker, also if both happen at the same time', async ({ parts }) => {
    const { producer, consume } = parts
    const ran = new Set<string>()
    consume(async ({ job }) => {
      ran.add(job.id)
      return 'done'
    })
    const removed: string[] = []
    for (let round = 0; round < 50; round += 1) {
      const job = newJob()
      await producer.enqueue(job)
      if (await producer.remove(job.id)) removed.push(job.id)
      else await eventually(() => ran.has(job.id))
    }
    // When a later job has run, all that were in the queue before have run.
    const last = newJob()
    await producer.enqueue(last)
    await eventually(() => ran.has(last.id))
    expect(removed.filter((id) => ran.has(id))).toEqual([])
  })
})

test('every call fails at once while Redis is away, and works again when it is back', async () => {
  await using server = await startRedis()
  await using resources = new AsyncDisposableStack()
  const { producer, command } = connectParts(server.url, uniquePrefix(), resources)
  await eventually(() => command.status === 'ready')
  const job = newJob()
  await producer.enqueue(job)
  await server.kill()
  await eventually(() => command.status !== 'ready')
  for (const call of [
    () => producer.enqueue(newJob()),
    () => producer.find(job.id),
    () => producer.place(job.id),
    () => producer.remove(job.id),
    () => producer.send(job.id, { type: 'cancel' }),
  ]) {
    const before = performance.now()
    await expect(call()).rejects.toThrow(/^Stream isn't writeable and enableOfflineQueue options is false$/)
    expect(performance.now() - before).toBeLessThan(1_000)
  }
  await server.start()
  await eventually(async () => expect(await producer.place(job.id)).toEqual({ position: 0 }))
})
