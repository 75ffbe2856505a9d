import { createLogger } from '@runnel/process'
import type { Redis } from '@runnel/redis'
import { redisTest as test } from '@runnel/redis/testing'
import { expect } from 'vitest'
import { startApi } from './api.ts'
import { holdKey } from './key-holder.ts'

/** Everything that Redis has under a key, as text. */
const readAll = async (redis: Redis, name: string): Promise<string> => {
  switch (await redis.type(name)) {
    case 'string':
      return String(await redis.get(name))
    case 'hash':
      return JSON.stringify(await redis.hgetall(name))
    case 'list':
      return JSON.stringify(await redis.lrange(name, 0, -1))
    case 'set':
      return JSON.stringify(await redis.smembers(name))
    case 'zset':
      return JSON.stringify(await redis.zrange(name, 0, -1))
    case 'stream':
      return JSON.stringify(await redis.xrange(name, '-', '+'))
    default:
      return ''
  }
}

const program = (mark: string) => ({
  language: 'python',
  code: `print(1) # ${mark}`,
  env: { TOKEN: mark },
  args: [mark],
  stdin: mark,
})

test('The content of a program is not logged, even if accepting it fails by our own fault', async ({
  redis,
  redisUrl,
  prefix,
  resources,
  redisKeys,
}) => {
  let lines = ''
  const destination = { write: (line: string) => (lines += line) }
  const log = createLogger({ name: 'api', level: 'trace', destination })
  const { app } = await startApi({ redisUrl, prefix, resources, log })
  await redis.set(redisKeys.waiting, 'no queue')
  for (const url of ['/v1/jobs', '/v1/jobs?wait=1000']) {
    const { statusCode } = await app.inject({ method: 'POST', url, payload: program('hunter2') })
    expect(statusCode).toBe(500)
  }
  expect(lines).toContain('WRONGTYPE')
  expect(lines).not.toContain('hunter2')
  await redis.del(redisKeys.waiting)
})

test('Redis has no key and no ticket, and a program only in its own job and, up to 200 characters, in its record', async ({
  redis,
  redisKeys,
  redisUrl,
  prefix,
  resources,
}) => {
  const api = await startApi({ redisUrl, prefix, resources })
  await api.work(async ({ job, attempt }, publisher) => {
    const log = publisher.open(job.id, attempt)
    await log.start()
    await log.write('stdout', Buffer.from('1\n'))
    await log.finish({ type: 'exited', exitCode: 0 }, null)
  })
  const { text: key, key: known, headers } = await holdKey(api, { scopes: ['submit', 'read'] })
  const post = (url: string, payload: object, more = {}) =>
    api.app.inject({ method: 'POST', url, headers: { ...headers, ...more }, payload })
  const ran = await post('/v1/jobs?wait=5000', program('hunter2'), { 'idempotency-key': 'swordfish' })
  expect(ran.json()).toMatchObject({ status: 'finished' })
  const { ticket } = (await post('/v1/tickets', { jobIds: [ran.json().id] })).json()

  const secret = key.replace(/^rnl_[0-9a-f]+_/, '')
  const having: string[] = []
  let isFound = false
  for (const name of await redis.keys(`${prefix}*`)) {
    const all = `${name} ${await readAll(redis, name)}`
    for (const one of [secret, ticket, 'swordfish']) expect(all).not.toContain(one)
    if (all.includes('hunter2')) having.push(name)
    isFound ||= all.includes(known.id)
  }
  expect(isFound, 'the id of the key is found, so its secret would be').toBe(true)
  const { id } = ran.json()
  expect(having.toSorted()).toEqual([redisKeys.queuedJob(id), redisKeys.jobRecord(id)])
})
