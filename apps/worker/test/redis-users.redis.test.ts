import { statsSchema } from '@runnel/contract/public'
import { createLogger } from '@runnel/process'
import { connectRedis, createRedisKeys } from '@runnel/redis'
import { toAclRules } from '@runnel/redis/testing'
import { eventually, startRedis, uniquePrefix } from '@runnel/testing'
import { startSystem } from '@runnel/testing/system'
import { expect, test } from 'vitest'

const log = createLogger({ name: 'test', level: 'silent' })

/** Each would give a worker that was taken over what it must not have. */
const ADMIN_COMMANDS = [
  ['CONFIG', 'GET', '*'],
  ['FLUSHALL'],
  ['KEYS', '*'],
  ['ACL', 'LIST'],
  ['CLIENT', 'LIST'],
  ['MONITOR'],
  ['SHUTDOWN', 'NOSAVE'],
] as const

test('API and worker do all their work as their own Redis users, and a worker reaches nothing of keys, tenants, sessions and statistics', async () => {
  await using server = await startRedis()
  await using resources = new AsyncDisposableStack()
  const connect = (url: string) =>
    resources.adopt(connectRedis(url, { role: 'blocking', log }), (redis) => redis.disconnect())
  const redis = connect(server.url)
  const prefix = uniquePrefix()
  const rules = toAclRules(prefix)
  for (const user of ['api', 'worker'] as const)
    await redis.call('ACL', 'SETUSER', user, 'on', `>${user}`, ...rules[user])
  const urlOf = (user: string) => server.url.replace('redis://', `redis://${user}:${user}@`)

  await using system = await startSystem({
    redisUrl: urlOf('api'),
    prefix,
    workers: 0,
    env: { RUNNEL_SANDBOX: 'local' },
  })
  const worker = await system.startWorker({ REDIS_URL: urlOf('worker') })

  const { id } = await system.submit({ language: 'python', code: 'print(1)' })
  expect((await system.finished(id)).output?.stdout.data).toBe('1\n')
  const asks = await system.submit({ language: 'python', code: 'print(input())', interactive: true })
  await system.call('POST', `/v1/jobs/${asks.id}/stdin`, { data: 'typed\n', end: true })
  expect((await system.finished(asks.id)).output?.stdout.data).toBe('typed\n')
  const sleeps = await system.submit({ language: 'python', code: 'import time; time.sleep(60)' })
  await eventually(async () => expect((await system.read(sleeps.id)).status).toBe('running'))
  await system.call('DELETE', `/v1/jobs/${sleeps.id}`)
  expect((await system.finished(sleeps.id)).outcome).toEqual({ type: 'canceled' })
  const numbers = async () => statsSchema.parse(await (await system.call('GET', '/v1/stats')).json()).totals.ended
  await eventually(async () => expect(await numbers()).toMatchObject({ succeeded: 2, canceled: 1 }), {
    withinMs: 15_000,
  })
  worker.signal('SIGTERM')
  expect(await worker.exited).toBe(0)
  expect(await redis.call('ACL', 'LOG')).toEqual([])

  const taken = connect(urlOf('worker'))
  await eventually(() => taken.ping())
  const keys = createRedisKeys(prefix)
  const closed = [
    keys.apiKeys,
    keys.keyUses,
    keys.sessions('0123456789abcdef'),
    keys.tenants,
    keys.ticket('0'.repeat(64)),
    keys.rate('tenant:default'),
    keys.statsMinute(1),
    keys.statsHour(1),
    keys.submission('default', '0'.repeat(64)),
    `${prefix}:job-id-secret`,
    'another:key',
  ]
  for (const key of closed) {
    await expect(taken.get(key), key).rejects.toThrow('NOPERM')
    await expect(taken.eval("return redis.call('DEL', KEYS[1])", 1, key), key).rejects.toThrow('NOPERM')
  }
  for (const [name, ...args] of ADMIN_COMMANDS) await expect(taken.call(name, ...args), name).rejects.toThrow('NOPERM')
  await expect(taken.publish(keys.accessChannel, 'x')).rejects.toThrow('NOPERM')
})
