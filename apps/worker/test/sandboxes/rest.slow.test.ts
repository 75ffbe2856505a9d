import { readdir, readFile } from 'node:fs/promises'
import { commandSchema, sandboxSchema } from '@runnel/contract/public'
import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { containersOf, type Process, type System, startSystem } from '@runnel/testing/system'
import { expect } from 'vitest'

const MIB = 1024 * 1024
const SANDBOXES = 200
/** More at once only wait for the engine. */
const AT_ONCE = 10
/** As short as it may be, so that what is kept of them is gone soon. */
const RETENTION_MS = 60_000
/** What Node keeps of buffers that it may use again. */
const GROWTH_BYTES = 48 * MIB

const descriptorsOf = async ({ pid }: Process): Promise<number> => (await readdir(`/proc/${pid}/fd`)).length
const memoryOf = async ({ pid }: Process): Promise<number> => {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kib) * 1024
}

/** One sandbox from its start to its end: a file, a command, a server, a watcher. */
const useOne = async (system: System): Promise<void> => {
  const request = { limits: { memoryBytes: 128 * MIB }, files: [{ path: 'a.txt', content: 'a' }] }
  const made = await system.call('POST', '/v1/sandboxes?wait=60000', request)
  const { id } = sandboxSchema.parse(await made.json())
  const url = `/v1/sandboxes/${id}`
  const ran = await system.call('POST', `${url}/commands?wait=60000`, { command: 'cat a.txt' })
  expect(commandSchema.parse(await ran.json()).output?.stdout.data).toBe('a')
  expect((await system.call('POST', `${url}/commands`, { command: 'sleep 600', background: true })).status).toBe(201)
  expect((await system.call('POST', `${url}/watchers`, { path: '.' })).status).toBe(201)
  expect((await system.call('DELETE', url)).status).toBe(200)
}

const useMany = async (system: System, count: number): Promise<void> => {
  for (let done = 0; done < count; done += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, () => useOne(system)))
  }
}

test('200 sandboxes that were created and deleted leave nothing: containers, keys, descriptors and memory are at rest', async ({
  redisUrl,
  prefix,
  redis,
  redisKeys,
}) => {
  const env = { RUNNEL_POOL_MIN: '0', RUNNEL_RETENTION_MS: String(RETENTION_MS) }
  await using system = await startSystem({ redisUrl, prefix, env })
  const [worker] = system.workers
  if (worker === undefined) throw new Error('There is no worker')
  const parts = [system.api, worker]
  const measure = async () => ({
    containers: (await containersOf(worker)).length,
    descriptors: await Promise.all(parts.map(descriptorsOf)),
  })
  // What is made once, at first use, is there before the count begins.
  await useMany(system, AT_ONCE)
  await eventually(async () => expect(await containersOf(worker)).toEqual([]), { withinMs: 60_000 })
  const before = await measure()
  const memoryBefore = await Promise.all(parts.map(memoryOf))

  await useMany(system, SANDBOXES)
  await eventually(
    async () => {
      const now = await measure()
      expect(now.containers).toBe(before.containers)
      for (const [at, count] of now.descriptors.entries()) {
        expect(count).toBeLessThanOrEqual((before.descriptors[at] ?? 0) + AT_ONCE)
      }
    },
    { withinMs: 120_000, everyMs: 500 },
  )
  expect(await redis.zcard(redisKeys.sandboxes)).toBe(0)
  expect(await redis.keys(redisKeys.lease('*'))).toEqual([])
  for (const [at, bytes] of (await Promise.all(parts.map(memoryOf))).entries()) {
    expect(bytes).toBeLessThanOrEqual((memoryBefore[at] ?? 0) + GROWTH_BYTES)
  }
  // Their records and the logs of their commands expire.
  const kept = () => redis.keys(redisKeys.sandboxRecord('*'))
  await eventually(async () => expect(await kept()).toEqual([]), { withinMs: 2 * RETENTION_MS, everyMs: 1_000 })
  await eventually(async () => expect(await redis.keys(redisKeys.events('*'))).toEqual([]), {
    withinMs: RETENTION_MS,
    everyMs: 1_000,
  })
})
