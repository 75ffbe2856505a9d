import { createLogger } from '@runnel/process'
import { eventually, startRedis } from '@runnel/testing'
import { expect, test } from 'vitest'
import { connectRedis } from '../src/index.ts'

const recordLog = () => {
  const messages: string[] = []
  const write = (line: string) => messages.push(JSON.parse(line).msg)
  return { messages, log: createLogger({ name: 'test', level: 'info', destination: { write } }) }
}

test('a command fails at once while Redis is away, the connection recovers, and each change is logged once', async () => {
  await using server = await startRedis()
  const { messages, log } = recordLog()
  const redis = connectRedis(server.url, { role: 'command', log })
  await eventually(() => redis.ping())

  await server.kill()
  await eventually(() => redis.status !== 'ready')
  for (let call = 0; call < 20; call += 1) {
    const before = performance.now()
    await expect(redis.ping()).rejects.toThrow(/^Stream isn't writeable and enableOfflineQueue options is false$/)
    expect(performance.now() - before).toBeLessThan(500)
  }
  await server.start()
  await eventually(() => redis.ping(), { withinMs: 5_000 })
  await eventually(() => messages.length === 2)
  expect(messages).toEqual(['Redis is away: the connection was closed', 'Redis is back'])
  redis.disconnect()
})

test('a command fails within seconds if Redis is connected but does not answer', async () => {
  await using server = await startRedis()
  const redis = connectRedis(server.url, { role: 'command', log: recordLog().log })
  await eventually(() => redis.ping())
  await server.pause()
  await expect(redis.ping()).rejects.toThrow('Command timed out')
  await server.unpause()
  await eventually(() => redis.ping())
  redis.disconnect()
})

test('a process that starts before Redis finds it later', async () => {
  await using server = await startRedis()
  await server.stop()
  const { messages, log } = recordLog()
  const redis = connectRedis(server.url, { role: 'blocking', log })
  await eventually(() => messages.length === 1)
  expect(messages[0]).toMatch(/^Redis is away: .*ECONNREFUSED/)
  await server.start()
  expect(await redis.ping()).toBe('PONG')
  redis.disconnect()
})

test('a connection to a Redis that is no longer the primary is made again, so that it finds the new primary', async () => {
  await using server = await startRedis()
  const redis = connectRedis(server.url, { role: 'command', log: recordLog().log })
  await eventually(() => redis.ping())
  const before = await redis.client('ID')
  await redis.replicaof('127.0.0.1', 1)
  await expect(redis.set('a', 1)).rejects.toThrow('READONLY')
  // Not while the connection is made again: then nothing is sent.
  const script = () => redis.eval("return redis.call('SET', 'a', 1)", 0)
  await eventually(() => expect(script()).rejects.toThrow('READONLY'))
  await eventually(() => redis.replicaof('NO', 'ONE'))
  await eventually(() => redis.set('a', 1))
  expect(await redis.client('ID')).toBeGreaterThan(before)
  redis.disconnect()
})
