import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Docker from 'dockerode'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEngine, type Engine } from '../src/docker/engine.ts'
import { ENGINE_CALLS, type EngineCallName } from '../src/docker/engine-calls.ts'

const TIMEOUT_MS = 50

const CALLS: Readonly<Record<EngineCallName, (engine: Engine) => Promise<unknown>>> = {
  ping: (engine) => engine.ping(),
  info: (engine) => engine.uidRange(),
  image: (engine) => engine.findImage('runnel/python'),
  create: (engine) => engine.create({ name: 'runnel-1000000', Image: 'runnel/python' }),
  attach: (engine) => engine.attach('a'),
  start: (engine) => engine.start('a'),
  update: (engine) => engine.update('a', { memoryBytes: 1, pidsLimit: 1 }),
  inspect: (engine) => engine.inspect('a'),
  remove: (engine) => engine.remove('a'),
  list: (engine) => engine.list('runnel'),
}

describe('An engine that accepts and never answers', () => {
  const clients = new Set<Socket>()
  const silent = createServer((client) => void clients.add(client.on('error', () => {})))
  const socketPath = join(tmpdir(), `runnel-silent-${randomUUID()}.sock`)
  beforeAll(async () => {
    silent.listen(socketPath)
    await once(silent, 'listening')
  })
  afterAll(() => {
    for (const client of clients) client.destroy()
    silent.close()
  })

  it.each(Object.entries(CALLS))('delays "%s" no longer than its deadline', async (name, call) => {
    const engine = createEngine(new Docker({ socketPath }), TIMEOUT_MS)
    await expect(call(engine)).rejects.toThrow(`Docker did not answer "${name}" within ${TIMEOUT_MS} ms`)
  })

  it('delays no call for half a minute', () => {
    for (const { deadlineMs } of Object.values(ENGINE_CALLS)) expect(deadlineMs).toBeLessThan(30_000)
    expect(Object.keys(CALLS)).toEqual(Object.keys(ENGINE_CALLS))
  })
})
