import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { JobNotFoundError, LogGoneError } from '../src/subscriber.ts'
import { connectParts, EXITED, newJob, ready, text, watch } from './parts.ts'

const parts = test.extend('parts', async ({ redisUrl, prefix, resources }) => {
  const connected = connectParts(redisUrl, prefix, resources)
  await eventually(() => ready(connected.redis, connected.subscription))
  const job = newJob()
  await connected.logWriter.start(job)
  const log = connected.publisher.open(job.id, 1)
  await log.start()
  await log.write('stdout', text('one'))
  return { ...connected, job, log, key: connected.keys.events(job.id) }
})

describe('When Redis has lost', () => {
  parts('a log, following it ends with an error', async ({ parts: { redis, subscriber, job, key } }) => {
    const early = watch(subscriber, job.id)
    const beyond = watch(subscriber, job.id, '7-7')
    await eventually(() => expect(early.ids()).toEqual(['0-1', '1-1', '1-2']))
    const ends = [
      expect(early.ended).rejects.toThrow(LogGoneError),
      expect(beyond.ended).rejects.toThrow(JobNotFoundError),
    ]
    await redis.del(key)
    await Promise.all(ends)
  })

  parts(
    'a log before its first event came, following it ends with an error',
    async ({ parts: { redis, subscriber } }) => {
      using expected = subscriber.expect(newJob().id)
      const follow = async (): Promise<void> => {
        for await (const _ of expected.follow({ signal: AbortSignal.timeout(10_000) }));
      }
      const following = follow()
      await expect(following).rejects.toThrow(JobNotFoundError)
      await redis.ping()
    },
  )

  parts('the end of a log, following it ends with an error', async ({ parts: { redis, subscriber, job, key } }) => {
    const watching = watch(subscriber, job.id)
    await eventually(() => watching.entries.length === 3)
    const end = expect(watching.ended).rejects.toThrow(LogGoneError)
    await redis.xdel(key, '1-2')
    await end
  })

  parts(
    'a log, its writer gets an error and does not start the log again',
    async ({ parts: { redis, job, log, key } }) => {
      await eventually(async () => expect(await redis.xlen(key)).toBe(3))
      await redis.del(key)
      await log.write('stdout', text('two'))
      await expect(log.finish(EXITED, null)).rejects.toMatchObject({ why: 'gone' })
      expect([job.id, await redis.exists(key)]).toEqual([job.id, 0])
    },
  )

  parts(
    'the end of a log, its writer leaves no gap',
    async ({ parts: { redis, publisher, subscriber, job, log, key } }) => {
      await eventually(async () => expect(await redis.xlen(key)).toBe(3))
      await redis.xdel(key, '1-2')
      await expect(log.finish(EXITED, null)).rejects.toMatchObject({ why: 'gone' })
      // The job is put back and starts again.
      const second = publisher.open(job.id, 2)
      await second.start()
      expect(await second.finish(EXITED, null)).toBe('finished')
      const ids = (await subscriber.read(job.id)).map(({ id }) => id)
      expect(ids).toEqual(['0-1', '1-1', '2-1', '2-2', '2-3'])
    },
  )
})
