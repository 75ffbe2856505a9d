import { eventually } from '@runnel/testing'
import { expect } from 'vitest'
import { aborted, newJob } from './parts.ts'
import { queueTest as test } from './parts-fixture.ts'

const EMPTY = { waiting: 0, oldestAt: null, running: 0, waitingBound: 50_000, tenants: [], tenantsLeftOut: 0 }
const BOUNDS = { waitingBound: 10_000, runningBound: 1_000 }

/** Rounds up to the next millisecond, so that two jobs have different times. */
const nextMillisecond = async (): Promise<void> => {
  const now = Date.now()
  await eventually(() => Date.now() > now, { everyMs: 1 })
}

test('the queue says what waits and runs, in all and by tenant, and since when', async ({
  parts: { producer, consume },
}) => {
  expect(await producer.read(10)).toEqual(EMPTY)
  const before = Date.now()
  for (const tenant of ['b', 'a', 'a', 'a', 'b', 'a', 'a', 'c', 'c']) {
    await producer.enqueue(newJob(tenant))
    await nextMillisecond()
  }
  // Nothing runs: the four that are ready wait, too.
  const waiting = await producer.read(10)
  expect(waiting).toEqual({
    ...EMPTY,
    waiting: 9,
    oldestAt: expect.any(String),
    tenants: [
      { tenant: 'a', waiting: 5, running: 0, oldestAt: expect.any(String), ...BOUNDS },
      { tenant: 'b', waiting: 2, running: 0, oldestAt: expect.any(String), ...BOUNDS },
      { tenant: 'c', waiting: 2, running: 0, oldestAt: expect.any(String), ...BOUNDS },
    ],
  })
  const [a, b, c] = waiting.tenants.map(({ oldestAt }) => Date.parse(String(oldestAt)))
  expect(b).toBe(Date.parse(String(waiting.oldestAt)))
  expect([b, a, c]).toEqual([b, a, c].toSorted())
  expect(b).toBeGreaterThanOrEqual(before)
  expect(await producer.size()).toMatchObject({ waiting: 9, running: 0 })

  const taken: string[] = []
  const consumer = consume(
    async ({ job, signal }) => {
      taken.push(job.tenantId)
      await aborted(signal)
      return 'requeue'
    },
    { concurrency: 5 },
  )
  await eventually(() => taken.length === 5)
  const runningOf = (tenant: string) => taken.filter((one) => one === tenant).length
  await eventually(async () => {
    const { tenants, ...all } = await producer.read(10)
    expect(all).toEqual({ ...EMPTY, tenants: undefined, waiting: 4, running: 5, oldestAt: expect.any(String) })
    for (const [tenant, jobs] of [
      ['a', 5],
      ['b', 2],
      ['c', 2],
    ] as const) {
      const running = runningOf(tenant)
      expect(tenants.find((one) => one.tenant === tenant)).toMatchObject({ running, waiting: jobs - running })
    }
  })
  await consumer.stop(0)
  expect(await producer.read(10)).toMatchObject({ waiting: 9, running: 0 })
})

test("a tenant's own bound on running jobs is shown", async ({ parts: { producer } }) => {
  await producer.enqueue(newJob('a'), { tenantBounds: { queued: 5, running: 3 } })
  expect((await producer.read(10)).tenants).toMatchObject([{ tenant: 'a', runningBound: 3 }])
})

test('with more tenants than the answer has room for, those with the most waiting jobs are listed and the rest counted', async ({
  parts: { producer },
}) => {
  const tenants = Array.from({ length: 1_200 }, (_, n) => `t${n}`)
  await Promise.all([...tenants, 't7', 't7', 't900'].map((tenant) => producer.enqueue(newJob(tenant))))
  const queue = await producer.read(2)
  expect(queue).toMatchObject({ waiting: 1_203, running: 0, tenantsLeftOut: 1_198 })
  expect(queue.tenants.map(({ tenant, waiting }) => [tenant, waiting])).toEqual([
    ['t7', 3],
    ['t900', 2],
  ])
})
