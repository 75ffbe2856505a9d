import { commandSchema, sandboxSchema } from '@runnel/contract/public'
import { eventually, startRedis, uniquePrefix } from '@runnel/testing'
import { type System, startSystem } from '@runnel/testing/system'
import { expect } from 'vitest'

export const ENV = { RUNNEL_POOL_MIN: '0', RUNNEL_SHUTDOWN_GRACE_MS: '500' }

export const create = async (system: System): Promise<string> => {
  const answer = await system.call('POST', '/v1/sandboxes?wait=60000', { limits: { memoryBytes: 256 * 1024 * 1024 } })
  expect(answer.status).toBe(201)
  return sandboxSchema.parse(await answer.json()).id
}

export const read = async (system: System, id: string) =>
  sandboxSchema.parse(await (await system.call('GET', `/v1/sandboxes/${id}`)).json())

export const run = async (system: System, id: string, command: string): Promise<string | undefined> => {
  const answer = await system.call('POST', `/v1/sandboxes/${id}/commands?wait=60000`, { command })
  return commandSchema.parse(await answer.json()).output?.stdout.data
}

export const untilEnded = (system: System, id: string, withinMs: number): Promise<string | undefined> =>
  eventually(
    async () => {
      const { status, ending } = await read(system, id)
      expect(status).toBe('ended')
      return ending
    },
    { withinMs, everyMs: 250 },
  )

/** A sandbox lives on, with what runs in it, while Redis is away for so long, and while the API dies afterwards. */
export const liveThroughOutage = async (awayMs: number): Promise<void> => {
  await using redis = await startRedis()
  await using system = await startSystem({
    redisUrl: redis.url,
    prefix: uniquePrefix(),
    env: { ...ENV, RUNNEL_MAX_SANDBOXES: '1' },
  })
  const id = await create(system)
  // There is room for one, and the door says so.
  const full = await system.call('POST', '/v1/sandboxes', {})
  expect([full.status, await full.json()]).toMatchObject([429, { error: { code: 'too-many-sandboxes' } }])
  expect(await run(system, id, 'nohup sleep 600 >/dev/null 2>&1 & echo $! > pid; date > born; cat born')).not.toBe('')
  await redis.stop()
  const away = performance.now()
  await eventually(async () => expect((await system.call('GET', `/v1/sandboxes/${id}`)).status).toBe(503))
  await eventually(() => expect(performance.now() - away).toBeGreaterThan(awayMs), { withinMs: awayMs + 5_000 })
  await redis.start()
  await eventually(async () => expect((await read(system, id)).status).toBe('running'), { withinMs: 15_000 })
  const alive = 'kill -0 $(cat pid) && echo alive'
  await eventually(async () => expect(await run(system, id, alive)).toBe('alive\n'), { withinMs: 15_000 })

  system.api.signal('SIGKILL')
  await system.api.exited
  await system.startApi()
  // It listens before it has reached Redis.
  await eventually(async () => expect(await run(system, id, alive)).toBe('alive\n'), { withinMs: 15_000 })
  expect((await system.call('DELETE', `/v1/sandboxes/${id}`)).ok).toBe(true)
  expect(await untilEnded(system, id, 10_000)).toBe('deleted')
}
