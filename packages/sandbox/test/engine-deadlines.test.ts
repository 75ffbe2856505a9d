import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Docker from 'dockerode'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { createEngine, type Engine } from '../src/docker/engine.ts'
import { ENGINE_CALLS, type EngineCallName } from '../src/docker/engine-calls.ts'

/** A busy machine needs that long to accept a connection. */
const TIMEOUT_MS = 250

const CALLS: Readonly<Record<EngineCallName, (engine: Engine) => Promise<unknown>>> = {
  ping: (engine) => engine.ping(),
  info: (engine) => engine.securityOptions(),
  image: (engine) => engine.findImage('runnel/python'),
  create: (engine) => engine.create({ name: 'runnel-1000000', Image: 'runnel/python' }),
  attach: (engine) => engine.attach('a'),
  start: (engine) => engine.start('a'),
  update: (engine) => engine.update('a', { memoryBytes: 1, pidsLimit: 1 }),
  pause: (engine) => engine.pause('a'),
  unpause: (engine) => engine.unpause('a'),
  inspect: (engine) => engine.inspect('a'),
  remove: (engine) => engine.remove('a'),
  list: (engine) => engine.list('runnel'),
}

/** What an engine may do with a request. Each way once left a connection open for each call past its deadline. */
const ANSWERS: Readonly<Record<string, string>> = {
  'never answers': '',
  'never finishes its answer': 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
}

describe.each(Object.entries(ANSWERS))('An engine that accepts and %s', (_does, answer) => {
  const clients: Socket[] = []
  const server = createServer((client) => {
    clients.push(client.on('error', () => {}))
    client.once('data', () => client.write(answer))
  })
  const socketPath = join(tmpdir(), `runnel-silent-${randomUUID()}.sock`)
  beforeAll(async () => {
    server.listen(socketPath)
    await once(server, 'listening')
  })
  afterAll(() => {
    for (const client of clients) client.destroy()
    server.close()
  })

  it.each(Object.entries(CALLS))(
    'does not hold up "%s" past its deadline, nor keep its connection',
    async (name, call) => {
      const engine = createEngine(new Docker({ socketPath }), TIMEOUT_MS)
      const isRefused = name === 'attach' && answer !== ''
      await expect(call(engine)).rejects.toThrow(
        isRefused ? 'Docker refused to attach: 200 OK' : `Docker did not answer "${name}" within ${TIMEOUT_MS} ms`,
      )
      const client = clients.pop()
      expect(clients).toEqual([])
      if (client?.closed === false) await once(client, 'close')
    },
  )
})

test('No engine call may take half a minute', () => {
  for (const { deadlineMs } of Object.values(ENGINE_CALLS)) expect(deadlineMs).toBeLessThan(30_000)
  expect(Object.keys(CALLS)).toEqual(Object.keys(ENGINE_CALLS))
})
