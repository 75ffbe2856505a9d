import type { QueuedJob } from '@runnel/contract/internal'
import type { KeptBounds } from '@runnel/redis'
import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { connectParts, EXITED, newJob, printed, ready, text, USAGE, watch } from './parts.ts'

const KIB = 1024
/** One event, which counts for a little more. */
const OUTPUT = text('x'.repeat(60 * KIB))
/** Room for the output of three jobs, and for the records of many. */
const TENANT: KeptBounds = { all: 10_000 * KIB, tenant: 240 * KIB }

const connect = test.extend('connect', async ({ redisUrl, prefix, resources }) => async (bounds: KeptBounds) => {
  const parts = connectParts(redisUrl, prefix, resources, bounds)
  await eventually(() => ready(parts.redis, parts.subscription))
  const { logWriter, publisher, subscriber, redis, keys } = parts
  const begin = async (tenantId = 'acme') => {
    const job: QueuedJob = { ...newJob(), tenantId }
    await logWriter.start(job)
    const log = publisher.open(job.id, 1)
    await log.start()
    return { id: job.id, log }
  }
  return {
    ...parts,
    begin,
    /** A job that prints once and ends. */
    async run(tenantId?: string) {
      const { id, log } = await begin(tenantId)
      await log.write('stdout', OUTPUT)
      await log.finish(EXITED, USAGE)
      return id
    },
    typesOf: async (id: string) => (await subscriber.read(id)).map((event) => `${event.id} ${event.type}`),
    isDropped: async (id: string) => (await subscriber.summary(id))?.isDropped,
    bytes: async (field: string) => Number(await redis.hget(keys.kept, field)),
  }
})

const WHOLE = ['0-1 queued', '1-1 started', '1-2 stdout', '1-3 finished']
const DROPPED = ['0-1 queued', '1-1 started', '1-2 dropped', '1-3 finished']

describe('a tenant whose jobs fill its bytes', () => {
  connect('loses the output of its oldest finished job, and no other tenant loses any', async ({ connect }) => {
    const { run, typesOf, isDropped, subscriber } = await connect(TENANT)
    const other = await run('other')
    const [first, second, third] = [await run(), await run(), await run()]
    expect(await typesOf(first)).toEqual(WHOLE)
    await run()
    expect(await Promise.all([first, second, third, other].map(typesOf))).toEqual([DROPPED, WHOLE, WHOLE, WHOLE])
    expect(await Promise.all([first, second].map(isDropped))).toEqual([true, false])
    const [, , dropped] = await subscriber.read(first)
    expect(dropped).toMatchObject({ jobId: first, id: '1-2', type: 'dropped', first: '1-2' })
  })

  connect(
    'loses the output of a running job when no finished one is left, and the program goes on',
    async ({ connect }) => {
      const { begin, typesOf, isDropped, subscriber, bytes } = await connect(TENANT)
      const { id, log } = await begin()
      const watching = watch(subscriber, id)
      for (let piece = 0; piece < 10; piece += 1) await log.write('stdout', OUTPUT)
      await eventually(() => watching.entries.at(-1)?.type === 'dropped')
      await log.write('stderr', text('more'))
      expect(await log.finish(EXITED, USAGE)).toBe('finished')
      await watching.ended

      const types = await typesOf(id)
      expect(watching.entries.map((entry) => `${entry.id} ${entry.type}`)).toEqual(types)
      expect(types.filter((type) => type.endsWith(' dropped'))).toHaveLength(1)
      expect(types.at(-1)).toMatch(/finished$/)
      expect(await isDropped(id)).toBe(true)
      expect(printed(watching.entries).length % OUTPUT.length).toBe(0)
      expect(await bytes('tenant acme')).toBeLessThanOrEqual(TENANT.tenant + 64 * KIB)
    },
  )

  connect('may start again when its jobs are dropped', async ({ connect }) => {
    const { begin, logWriter } = await connect(TENANT)
    const { log } = await begin()
    for (let piece = 0; piece < 10; piece += 1) await log.write('stdout', OUTPUT)
    expect(await logWriter.makeRoom('acme', 200 * KIB)).toBe('tenant')
    expect(await logWriter.makeRoom('other', 200 * KIB)).toBeUndefined()
    await log.finish(EXITED, USAGE)
    expect(await logWriter.makeRoom('acme', 200 * KIB)).toBeUndefined()
  })
})

describe('all tenants together', () => {
  const ALL: KeptBounds = { all: 240 * KIB, tenant: 10_000 * KIB }

  connect('lose the oldest output of all', async ({ connect }) => {
    const { run, typesOf } = await connect(ALL)
    const ids = [await run('one'), await run('two'), await run('three'), await run('four')]
    expect(await Promise.all(ids.map(typesOf))).toEqual([DROPPED, WHOLE, WHOLE, WHOLE])
  })

  connect('lose whole jobs when no output is left, the oldest first', async ({ connect }) => {
    const { run, begin, logWriter, subscriber, redis, keys, bytes } = await connect(ALL)
    const [first, second] = [await run(), await run()]
    await redis.set(keys.jobRecord(first), '{}', 'PX', 60_000)
    const { log } = await begin('two')
    expect(await logWriter.makeRoom('two', 230 * KIB)).toBeUndefined()
    expect(await Promise.all([first, second].map((id) => subscriber.has(id)))).toEqual([false, false])
    expect(await redis.exists(keys.jobRecord(first))).toBe(0)
    expect(await bytes('tenant acme')).toBe(0)
    expect(await log.finish(EXITED, USAGE)).toBe('finished')
  })
})

describe('the output of a job that ran several times', () => {
  connect('is dropped for each attempt, and followers get each event once', async ({ connect }) => {
    const { begin, publisher, subscriber, logWriter, typesOf } = await connect(TENANT)
    const { id, log } = await begin()
    await log.write('stdout', OUTPUT)
    await eventually(async () => expect(await typesOf(id)).toHaveLength(3))
    const second = publisher.open(id, 2)
    await second.start()
    await second.write('stdout', OUTPUT)
    await second.write('stderr', OUTPUT)
    await second.finish(EXITED, USAGE)
    expect(await logWriter.makeRoom('acme', 230 * KIB)).toBeUndefined()

    const expected = [
      '0-1 queued',
      '1-1 started',
      '1-2 dropped',
      '2-1 restarted',
      '2-2 started',
      '2-4 dropped',
      '2-5 finished',
    ]
    expect(await typesOf(id)).toEqual(expected)
    expect((await subscriber.read(id)).find((event) => event.id === '2-4')).toMatchObject({ first: '2-3' })
    for (const after of [undefined, '1-1', '2-3']) {
      const watching = watch(subscriber, id, after)
      await watching.ended
      const rest = { '1-1': expected.slice(2), '2-3': expected.slice(5) }[after ?? ''] ?? expected
      expect(watching.entries.map((entry) => `${entry.id} ${entry.type}`)).toEqual(rest)
    }
  })
})

connect('The bytes of jobs that expired are no longer counted', async ({ connect }) => {
  const { run, redis, keys, logWriter, bytes } = await connect(TENANT)
  const ids = [await run(), await run()]
  expect(await bytes('tenant acme')).toBeGreaterThan(2 * OUTPUT.length)
  // As if the retention were over.
  for (const key of [keys.keptFinished, keys.keptFinishedOf('acme')]) {
    for (const member of await redis.zrange(key, 0, -1)) await redis.zadd(key, 1, member)
  }
  await redis.del(...ids.map(keys.events))
  expect(await logWriter.makeRoom('acme', TENANT.tenant)).toBeUndefined()
  expect(Object.keys(await redis.hgetall(keys.kept)).toSorted()).toEqual(['at', 'share', 'since'])
})
