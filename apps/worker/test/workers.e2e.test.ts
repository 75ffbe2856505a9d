import { redisTest } from '@runnel/redis/testing'
import { eventually, startRedis, uniquePrefix } from '@runnel/testing'
import { type Process, type System, startSystem, stdoutOf } from '@runnel/testing/system'
import { describe, expect, test as plainTest } from 'vitest'
import { requireNext } from './faults/watch-job.ts'

const test = redisTest
/** Makes recovery take 3 s instead of the default 25. */
const SHORT_LOCK = { RUNNEL_LOCK_MS: '2000' }
const finishedBy = (worker: Process): string[] =>
  worker.lines.flatMap((line) => (line.msg === 'job finished' ? [String(line.jobId)] : []))

const submitMany = (system: System, count: number, code: (index: number) => string) =>
  Promise.all(Array.from({ length: count }, (_, index) => system.submit({ language: 'python', code: code(index) })))

test('Workers share the work: with three of them every job runs exactly once', async ({ redisUrl, prefix }) => {
  await using system = await startSystem({ redisUrl, prefix, workers: 3, env: { RUNNEL_CONCURRENCY: '3' } })
  const code = (index: number) => `import time\ntime.sleep(0.1)\nprint(${index})`
  const jobs = await submitMany(system, 40, code)
  const ended = await Promise.all(jobs.map(({ id }) => system.finished(id)))
  expect(ended.map(stdoutOf)).toEqual(ended.map((_, index) => `${index}\n`))
  expect(ended.every(({ attempt }) => attempt === 1)).toBe(true)
  const shares = await eventually(() => {
    const lists = system.workers.map(finishedBy)
    return lists.flat().length === jobs.length ? lists : Promise.reject(new Error('Not all are logged yet'))
  })
  expect(new Set(shares.flat()).size).toBe(jobs.length)
  for (const share of shares) expect(share.length).toBeGreaterThan(3)
})

// Most of the time is waiting: for programs to end, for locks to expire, for Docker and Redis to come back.
describe.concurrent('Workers', () => {
  test('on SIGTERM: takes no new job, finishes the running ones within the grace, and requeues the rest', async ({
    redisUrl,
    prefix,
  }) => {
    await using system = await startSystem({
      redisUrl,
      prefix,
      env: { RUNNEL_CONCURRENCY: '2', RUNNEL_SHUTDOWN_GRACE_MS: '2000' },
    })
    const [first] = system.workers
    if (first === undefined) throw new Error('No worker')
    const long = await system.submit({
      language: 'python',
      code: 'import time\nprint("from the start")\ntime.sleep(6)\nprint("long")',
    })
    await eventually(async () => (await system.read(long.id)).status === 'running')
    const short = await system.submit({ language: 'python', code: 'import time\ntime.sleep(1)\nprint("short")' })
    const waiting = await system.submit({ language: 'python', code: 'print("waited")' })
    await eventually(async () => (await system.read(short.id)).status === 'running')
    first.signal('SIGTERM')
    expect(await first.exited).toBe(0)
    expect(stdoutOf(await system.finished(short.id, 1_000))).toBe('short\n')
    expect((await system.read(waiting.id)).status).toBe('queued')
    await system.startWorker()
    expect(stdoutOf(await system.finished(long.id))).toBe('from the start\nlong\n')
    expect(stdoutOf(await system.finished(waiting.id))).toBe('waited\n')
    const events = (await system.events(long.id)).filter(({ type }) => type !== 'stdout')
    expect(events.map(({ id, type }) => `${id.split('-')[0]} ${type}`)).toEqual([
      '0 queued',
      '1 started',
      '2 restarted',
      '2 started',
      '2 finished',
    ])
  })

  test('on a second SIGTERM: exits at once', async ({ redisUrl, prefix }) => {
    await using system = await startSystem({
      redisUrl,
      prefix,
      env: { RUNNEL_SHUTDOWN_GRACE_MS: '60000', ...SHORT_LOCK },
    })
    const [worker] = system.workers
    const { id } = await system.submit({
      language: 'python',
      code: 'import time\ntime.sleep(50)',
      limits: { wallMs: 60_000 },
    })
    await eventually(async () => (await system.read(id)).status === 'running')
    worker?.signal('SIGTERM')
    // Two signals at once count as one, so the second is sent after the first was handled.
    await eventually(async () => (await (await system.call('GET', '/health/ready')).text()).includes('"workers":0'))
    worker?.signal('SIGTERM')
    expect(await worker?.exited).toBe(1)
    await system.call('DELETE', `/v1/jobs/${id}`)
    await system.startWorker()
    expect((await system.finished(id, 40_000)).outcome).toEqual({ type: 'canceled' })
  })

  plainTest('lose nothing when Redis restarts under them', async () => {
    await using redis = await startRedis()
    await using system = await startSystem({ redisUrl: redis.url, prefix: uniquePrefix() })
    const jobs = await submitMany(
      system,
      6,
      (index) => `import time\nfor i in range(20):\n    print(${index}, i)\n    time.sleep(0.2)`,
    )
    await eventually(async () => (await system.read(jobs[0]?.id ?? '')).status === 'running')
    await redis.kill()
    await eventually(async () => (await system.call('GET', '/health/ready')).status === 503)
    const refused = await system.call('POST', '/v1/jobs', { code: 'print(1)', language: 'python' })
    expect([refused.status, await refused.json()]).toMatchObject([503, { error: { code: 'redis-unavailable' } }])
    await redis.start()
    await eventually(async () => (await system.call('GET', '/health/ready')).status === 200, { withinMs: 15_000 })
    const ended = await Promise.all(jobs.map(({ id }) => system.finished(id, 90_000)))
    expect(ended.map(stdoutOf)).toEqual(
      ended.map((_, index) => Array.from({ length: 20 }, (_none, i) => `${index} ${i}\n`).join('')),
    )
    for (const { id } of jobs) {
      const events = await system.events(id)
      for (const [at, event] of events.entries()) requireNext(events[at - 1], event)
    }
  })
})
