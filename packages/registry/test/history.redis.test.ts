import { randomBytes } from 'node:crypto'
import { RequestError } from '@runnel/contract/public'
import type { Redis } from '@runnel/redis'
import { redisTest as test } from '@runnel/redis/testing'
import { describe, expect } from 'vitest'
import { createHistory, type History } from '../src/index.ts'

const DAY_MS = 86_400_000
const record = async (redis: Redis, commands: ReturnType<History['addCommands']>): Promise<void> => {
  for (const [name, ...args] of commands) await redis.call(name, ...args)
}
const newJobId = (): string => `job_${randomBytes(16).toString('hex')}`

describe('the history', () => {
  test('lists jobs newest first, in pages that together have every job once', async ({ redis, prefix }) => {
    const history = createHistory({ redis, prefix, retentionMs: DAY_MS })
    const now = Date.now()
    const jobs = Array.from({ length: 25 }, (_, at) => ({ id: newJobId(), at: new Date(now - at * 10) }))
    for (const { id, at } of jobs.toReversed()) await record(redis, history.addCommands('default', id, at))

    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await history.list('default', cursor === undefined ? { limit: 10 } : { limit: 10, cursor })
      seen.push(...page.ids)
      cursor = page.next
    } while (cursor !== undefined)
    expect(seen).toEqual(jobs.map(({ id }) => id))
  })

  test('keeps its pages if jobs arrive between them, even in the same millisecond', async ({ redis, prefix }) => {
    const history = createHistory({ redis, prefix, retentionMs: DAY_MS })
    const at = new Date()
    const early = Array.from({ length: 20 }, newJobId)
    for (const id of early) await record(redis, history.addCommands('default', id, at))

    const first = await history.list('default', { limit: 10 })
    for (let count = 0; count < 5; count += 1)
      await record(redis, history.addCommands('default', newJobId(), new Date(at.getTime() + 1)))
    const second = await history.list('default', { limit: 10, cursor: first.next ?? '' })
    expect(second.next).toBeUndefined()
    expect([...first.ids, ...second.ids].toSorted()).toEqual(early.toSorted())
  })

  test('has no next page if the last one is exactly full', async ({ redis, prefix }) => {
    const history = createHistory({ redis, prefix, retentionMs: DAY_MS })
    for (let count = 0; count < 10; count += 1)
      await record(redis, history.addCommands('default', newJobId(), new Date()))
    expect((await history.list('default', { limit: 10 })).next).toBeUndefined()
  })

  test('lists a job once, even if it is added again', async ({ redis, prefix }) => {
    const history = createHistory({ redis, prefix, retentionMs: DAY_MS })
    const [id, at] = [newJobId(), new Date()]
    await record(redis, history.addCommands('default', id, at))
    await record(redis, history.addCommands('default', id, at))
    expect((await history.list('default', { limit: 10 })).ids).toEqual([id])
  })

  test('does not list jobs older than the retention', async ({ redis, prefix, redisKeys }) => {
    const history = createHistory({ redis, prefix, retentionMs: DAY_MS })
    const fresh = newJobId()
    await record(redis, history.addCommands('default', newJobId(), new Date(Date.now() - DAY_MS - 1_000)))
    await record(redis, history.addCommands('default', fresh, new Date()))
    expect((await history.list('default', { limit: 10 })).ids).toEqual([fresh])
    expect(await redis.zcard(redisKeys.history('default'))).toBe(1)
  })

  test('keeps tenants apart', async ({ redis, prefix }) => {
    const history = createHistory({ redis, prefix, retentionMs: DAY_MS })
    const id = newJobId()
    await record(redis, history.addCommands('one', id, new Date()))
    expect((await history.list('one', { limit: 10 })).ids).toEqual([id])
    expect((await history.list('two', { limit: 10 })).ids).toEqual([])
  })

  test('refuses a cursor that no page has given', async ({ redis, prefix }) => {
    const history = createHistory({ redis, prefix, retentionMs: DAY_MS })
    const refusal = await history.list('default', { limit: 10, cursor: 'yesterday' }).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(RequestError)
    expect(refusal).toMatchObject({
      code: 'invalid-request',
      status: 400,
      message: 'Cannot use the cursor "yesterday": send the `next` of a page',
    })
  })
})
