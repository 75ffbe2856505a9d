import type { QueuedSandbox } from '@runnel/contract/internal'
import { redisTest as base } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { createLeases } from '../src/leases.ts'
import { type SandboxChange, watchSandboxes } from '../src/sandbox-changes.ts'
import { createSandboxRecords } from '../src/sandbox-records.ts'

const idOf = (n: number): string => `sbx-${String(n).padStart(24, '0')}`

const test = base.extend('house', async ({ redis, prefix }) => {
  const common = { redis, prefix, retentionMs: 60_000 }
  const records = createSandboxRecords(common)
  const accept = async (n: number, given: Partial<QueuedSandbox> = {}): Promise<string> => {
    const sandbox: QueuedSandbox = {
      ...{ kind: 'sandbox', id: idOf(n), tenantId: 'acme', template: 'python', keyId: 'k' },
      submittedAt: new Date(Date.now() - 60_000 + n * 1_000).toISOString(),
      limits: { memoryBytes: 1_024, diskBytes: 512, processes: 8 },
      ...{ env: { SECRET: 'not kept' }, workDir: '/home/user', metadata: {}, files: [], autoResume: false },
      ...{ timeoutMs: 30_000, idleTimeoutMs: 20_000, ...given },
    }
    for (const [name, key, ...words] of records.acceptCommands(sandbox)) await redis.call(name, key, ...words)
    return sandbox.id
  }
  const start = (id: string) => records.start(id, { startedAt: new Date(), endsAt: new Date(Date.now() + 30_000) })
  return { records, leases: createLeases(common), accept, start }
})

describe('The record of a sandbox', () => {
  test('goes from queued to running, paused and ended, and keeps the first ending', async ({
    house,
    redis,
    redisKeys,
  }) => {
    const { records, accept, start } = house
    const id = await accept(1, { metadata: { chat: '7' } })
    expect(await records.read(id)).toMatchObject({ id, tenantId: 'acme', status: 'queued', metadata: { chat: '7' } })
    expect(JSON.stringify(await redis.hgetall(redisKeys.sandboxRecord(id)))).not.toContain('not kept')
    expect(await start(id)).toBe('started')
    expect(await start(id)).toBe('ended')
    expect(await records.setPaused(id, true)).toBe(true)
    expect(await records.read(id)).toMatchObject({ status: 'paused' })
    const endsAt = new Date(Date.now() + 5_000)
    expect(await records.setTimes(id, { timeoutMs: 5_000, idleTimeoutMs: 1_000, endsAt })).toBe(true)
    expect(await records.end(id, 'idle')).toBe(true)
    expect(await records.end(id, 'lost')).toBe(false)
    expect(await records.setPaused(id, false)).toBe(false)
    expect(await records.read(id)).toMatchObject({
      ...{ status: 'ended', ending: 'idle', timeoutMs: 5_000, idleTimeoutMs: 1_000, endsAt: endsAt.toISOString() },
    })
  })

  test('never starts if it was ended while it waited', async ({ house }) => {
    const { records, accept, start } = house
    const id = await accept(1)
    await records.end(id, 'deleted')
    expect(await start(id)).toBe('ended')
    expect(await start(idOf(2))).toBe('ended')
    expect(await records.statuses([id, idOf(2)])).toEqual(['ended', undefined])
  })

  test('counts among those that live, and its bytes count, until it ends', async ({ house, redis, redisKeys }) => {
    const { records, accept } = house
    const ids = [await accept(1), await accept(2), await accept(3, { tenantId: 'blue' })]
    expect([await records.countLiving('acme'), await records.countLiving('blue')]).toEqual([2, 1])
    expect((await records.living()).map(({ id }) => id)).toEqual(ids)
    expect(Number(await redis.hget(redisKeys.kept, 'tenant acme'))).toBeGreaterThan(4_096)
    for (const id of ids) await records.end(id, 'deleted')
    expect([await records.countLiving('acme'), await records.living()]).toEqual([0, []])
    expect(await redis.hgetall(redisKeys.kept)).toEqual({})
  })

  test('can be forgotten when Redis has removed it', async ({ house, redis, redisKeys }) => {
    const { records, accept } = house
    const id = await accept(1)
    await redis.del(redisKeys.sandboxRecord(id))
    await records.forget({ id, tenantId: 'acme' })
    expect([await records.living(), await redis.hgetall(redisKeys.kept)]).toEqual([[], {}])
  })

  test('is listed newest first, in pages, by status and by metadata', async ({ house }) => {
    const { records, accept, start } = house
    const ids = [await accept(1, { metadata: { chat: 'a' } }), await accept(2), await accept(3), await accept(4)]
    await accept(5, { tenantId: 'blue' })
    await start(ids[1] ?? '')
    await records.end(ids[2] ?? '', 'deleted')
    const page = await records.list('acme', { count: 3 })
    expect(page.records.map(({ id }) => id)).toEqual([ids[3], ids[2], ids[1]])
    const last = await records.list('acme', { count: 3, cursor: page.next })
    expect([last.records.map(({ id }) => id), last.next]).toEqual([[ids[0]], undefined])
    const running = await records.list('acme', { count: 9, statuses: ['running', 'ended'] })
    expect(running.records.map(({ id }) => id)).toEqual([ids[2], ids[1]])
    const chat = await records.list('acme', { count: 9, metadata: { chat: 'a' } })
    expect(chat.records.map(({ id }) => id)).toEqual([ids[0]])
    await expect(records.list('acme', { count: 1, cursor: 'x' })).rejects.toMatchObject({ code: 'invalid-request' })
  })

  test('tells watchers when it starts and how it ended', async ({ house, redis, prefix, resources }) => {
    const { records, accept, start } = house
    const subscriber = resources.adopt(redis.duplicate(), (connection) => connection.disconnect())
    const seen: SandboxChange[] = []
    resources.use(watchSandboxes({ subscriber, prefix }, (change) => void seen.push(change)))
    await eventually(async () => expect((await redis.pubsub('NUMSUB', `${prefix}:sandbox`))[1]).toBe(1))
    const id = await accept(1)
    await start(id)
    await records.end(id, 'timed-out')
    await eventually(() =>
      expect(seen).toEqual([
        { id, status: 'running' },
        { id, status: 'ended', ending: 'timed-out' },
      ]),
    )
  })
})

test('A lease is found while its sandbox lives, and renewed for many at once', async ({ house, redis, redisKeys }) => {
  const { leases } = house
  const lease = { worker: 'w', gateway: 'http://127.0.0.1:1', secret: 's', renewal: '1' }
  await leases.renew([1, 2].map((n) => ({ id: idOf(n), lease, lifeMs: 10_000 })))
  expect(await leases.find(idOf(1))).toEqual(lease)
  expect(await leases.renewals([idOf(1), idOf(3), idOf(2)])).toEqual(['1', undefined, '1'])
  expect(await redis.pttl(redisKeys.lease(idOf(1)))).toBeGreaterThan(10_000)
  await leases.remove(idOf(1))
  expect(await leases.find(idOf(1))).toBeUndefined()
})
