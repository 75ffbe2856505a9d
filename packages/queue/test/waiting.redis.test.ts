import { eventually } from '@runnel/testing'
import { expect } from 'vitest'
import { aborted, newJob } from './parts.ts'
import { queueTest as test } from './parts-fixture.ts'
import { startWorkerProcess } from './worker-process.ts'

const inAMinute = () => new Date(Date.now() + 60_000)

test('every waiting job is found, wherever it waits, with how often a worker took it', async ({
  parts: { producer, consume },
}) => {
  const jobs = Array.from({ length: 12 }, () => newJob())
  for (const job of jobs) await producer.enqueue(job)
  const found = await producer.waitingSince(inAMinute())
  expect(new Set(found.map(({ jobId }) => jobId))).toEqual(new Set(jobs.map(({ id }) => id)))
  expect(found.every(({ attempts }) => attempts === 0)).toBe(true)
  expect(await producer.waitingSince(new Date(Date.now() - 60_000))).toEqual([])

  const taken = new Set<string>()
  const consumer = consume(async ({ job, signal }) => {
    taken.add(job.id)
    await aborted(signal)
    return 'requeue'
  })
  await eventually(() => taken.size === 4)
  const others = await producer.waitingSince(inAMinute())
  expect(new Set([...taken, ...others.map(({ jobId }) => jobId)])).toEqual(new Set(jobs.map(({ id }) => id)))
  expect(others).toHaveLength(8)
  await consumer.stop(0)
  const back = (await producer.waitingSince(inAMinute())).filter(({ jobId }) => taken.has(jobId))
  expect(back.map(({ attempts }) => attempts)).toEqual([1, 1, 1, 1])
})

test('a job whose worker died counts as waiting as soon as its lock expired', async ({
  redisUrl,
  prefix,
  parts: { producer },
}) => {
  const job = newJob()
  await producer.enqueue(job)
  await using worker = startWorkerProcess(redisUrl, prefix)
  await worker.says('taken')
  expect(await producer.waitingSince(inAMinute())).toEqual([])
  worker.child.kill('SIGKILL')
  const waiting = [{ jobId: job.id, attempts: 1 }]
  await eventually(async () => expect(await producer.waitingSince(inAMinute())).toEqual(waiting), { withinMs: 10_000 })
})
