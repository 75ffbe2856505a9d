import { redisTest as test } from '@runnel/redis/testing'
import { saying, startSystem, stdoutOf, untilWorkers } from '@runnel/testing/system'
import { describe, expect } from 'vitest'
import { startFaultyEngine } from './fault-proxies.ts'

const ENV = {
  RUNNEL_POOL_MIN: '1',
  RUNNEL_CONCURRENCY: '4',
  RUNNEL_ENGINE_TIMEOUT_MS: '3000',
}

const NO_SPACE = JSON.stringify({ message: 'mkdir /var/lib/docker/overlay2/x: no space left on device' })
const REFUSED = `HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\nContent-Length: ${NO_SPACE.length}\r\nConnection: close\r\n\r\n${NO_SPACE}`

const GARBAGE = '\u0000\u0001\u0002 no HTTP \r\n\r\n'
const NO_JSON = 'HTTP/1.1 201 Created\r\nContent-Length: 4\r\nConnection: close\r\n\r\nnone'
const TRUNCATED = 'HTTP/1.1 201 Created\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{"Id": "'

/** Other answers of an engine, or of a proxy in front of it. With `passing` the engine does the work anyway. */
const ANSWERS: readonly { readonly to: string; readonly answer: string; readonly passing: boolean }[] = [
  { to: '/containers/create', answer: GARBAGE, passing: false },
  { to: '/containers/create', answer: NO_JSON, passing: true },
  { to: '/containers/create', answer: TRUNCATED, passing: true },
  { to: '/containers/create', answer: '', passing: true },
  { to: '/attach?', answer: '', passing: false },
  { to: '/attach?', answer: GARBAGE, passing: true },
  { to: '/start', answer: REFUSED, passing: false },
  { to: '/start', answer: '', passing: true },
]

const jobOf = (index: number) => ({ language: 'python', code: `print(${index})` })
/** A sandbox is made for it when it comes, whatever is in stock: no other has such a disk. */
const lonelyJobOf = (index: number) => ({
  ...jobOf(index),
  isolation: 'container',
  limits: { diskBytes: 8 * 1024 * 1024 },
})
/** What the request to make it has in it, and no other. */
const LONELY = 'size=8388608'

/** A pool makes sandboxes at once while the engine is healthy, and after a failure tries again within ten seconds. */
const HEALED_MS = 20_000

describe.concurrent('A worker that cannot make a sandbox, although its engine answers,', () => {
  test('because the engine lacks its runtime or an image, is not ready and takes no job; another worker runs them', async ({
    redisUrl,
    prefix,
  }) => {
    await using system = await startSystem({ redisUrl, prefix, workers: 0, env: ENV })
    const jobs = await Promise.all([0, 1, 2].map((index) => system.submit(jobOf(index))))
    const unable = await Promise.all([
      system.startWorker({ RUNNEL_RUNTIME: 'nonexistent' }),
      system.startWorker({ RUNNEL_IMAGE_PREFIX: 'runnel/no-such-' }),
    ])
    await untilWorkers(system, 0, 2)
    await saying(unable[0], 'Unknown runtime specified nonexistent. Jobs stay queued until this is fixed')
    await saying(unable[1], 'build the language images first (npm start does). Jobs stay queued')
    const later = await system.submit(jobOf(3))
    const waiting = await Promise.all([...jobs, later].map(({ id }) => system.read(id)))
    expect(waiting.map(({ status }) => status)).toEqual(['queued', 'queued', 'queued', 'queued'])
    await system.startWorker()
    const ended = await Promise.all([...jobs, later].map(({ id }) => system.finished(id)))
    expect(ended.map(stdoutOf)).toEqual(['0\n', '1\n', '2\n', '3\n'])
    await untilWorkers(system, 1, 2)
  })

  test('while the disk is full puts its jobs back, and runs them when there is room again', async ({
    redisUrl,
    prefix,
  }) => {
    await using engine = await startFaultyEngine()
    await using system = await startSystem({ redisUrl, prefix, env: { ...ENV, DOCKER_HOST: engine.host } })
    await untilWorkers(system, 1, 0)
    const makeRoom = engine.answerEach('/containers/create', REFUSED)
    // The first job cannot use a sandbox from stock, so it is the first to fail.
    const first = await system.submit(lonelyJobOf(0))
    await untilWorkers(system, 0, 1)
    const jobs = [first, ...(await Promise.all([1, 2, 3].map((index) => system.submit(jobOf(index)))))]
    const waiting = await Promise.all(jobs.map(({ id }) => system.read(id)))
    expect(waiting.map(({ status }) => status)).toEqual(['queued', 'queued', 'queued', 'queued'])
    makeRoom()
    const ended = await Promise.all(jobs.map(({ id }) => system.finished(id, HEALED_MS)))
    expect(ended.map(({ outcome }) => outcome)).toEqual(jobs.map(() => ({ type: 'exited', exitCode: 0 })))
    expect(ended.map(stdoutOf)).toEqual(['0\n', '1\n', '2\n', '3\n'])
    await untilWorkers(system, 1, 0)
  })

  test('ends a job that started too often as `sandbox-failed`, with a reference in the log', async ({
    redis,
    redisUrl,
    prefix,
    redisKeys,
  }) => {
    await using engine = await startFaultyEngine()
    // Not its first one: a worker that cannot make even that takes no job.
    const release = engine.answerEach(LONELY, REFUSED)
    const env = { ...ENV, DOCKER_HOST: engine.host, RUNNEL_POOL_MIN: '0' }
    await using system = await startSystem({ redisUrl, prefix, workers: 0, env })
    const { id } = await system.submit(lonelyJobOf(0))
    // Where BullMQ counts how often a job was taken.
    await redis.hset(redisKeys.queuedJob(id), 'ats', 9)
    const worker = await system.startWorker()
    const { outcome } = await system.finished(id)
    const reference = outcome?.type === 'sandbox-failed' ? outcome.reference : 'none'
    expect(worker.lines.filter((line) => line.reference === reference)).toHaveLength(1)
    const next = await system.submit({ language: 'python', code: 'print("well again")' })
    release()
    // No job waits for a sandbox, and none is kept in stock: the worker must notice without them that it can make sandboxes again.
    expect(stdoutOf(await system.finished(next.id, HEALED_MS))).toBe('well again\n')
  })

  test('for a moment runs its job anyway and leaves nothing, whatever the engine answers instead', async ({
    redisUrl,
    prefix,
  }) => {
    await using engine = await startFaultyEngine()
    const env = { ...ENV, DOCKER_HOST: engine.host, RUNNEL_POOL_MIN: '0' }
    await using system = await startSystem({ redisUrl, prefix, env })
    for (const [index, { to, answer, passing }] of ANSWERS.entries()) {
      const answered = engine.answerAt(to, answer, { passing })
      const { id } = await system.submit({ ...jobOf(index), isolation: 'container' })
      await answered
      const job = await system.finished(id, HEALED_MS)
      expect([index, job.outcome, stdoutOf(job)]).toEqual([index, { type: 'exited', exitCode: 0 }, `${index}\n`])
    }
    expect(system.workers.map(({ hasExited }) => hasExited)).toEqual([false])
  })
})
