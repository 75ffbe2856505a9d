import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setImmediate as endOfTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { createSocketWriter, type SocketWriter } from '../src/events/socket-writer.ts'
import { toTextFrame } from '../src/events/text-frame.ts'

const DONE = 1000

interface Served {
  readonly writer: SocketWriter
  readonly socket: WebSocket
  readonly connection: Socket
}

/** What clients read of what `serve` does with the writers of their sockets. */
const receive = async (clients: number, serve: (served: readonly Served[]) => Promise<void>): Promise<string[][]> => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  const served: Served[] = []
  const failed = Promise.withResolvers<never>()
  server.on('connection', (socket, { socket: connection }) => {
    served.push({ writer: createSocketWriter(socket, connection), socket, connection })
    if (served.length === clients) serve(served).catch(failed.reject)
  })
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('A TCP server without a port')
  const read = async (): Promise<string[]> => {
    const client = new WebSocket(`ws://127.0.0.1:${address.port}`)
    const texts: string[] = []
    client.on('message', (data) => texts.push(String(data)))
    await once(client, 'close')
    return texts
  }
  try {
    return await Promise.race([failed.promise, Promise.all(Array.from({ length: clients }, read))])
  } finally {
    server.close()
  }
}

const texts = (count: number, name: string): string[] => Array.from({ length: count }, (_, at) => `${name} ${at}`)

test('Frames arrive whole and in order, however many of however many bytes are sent in a turn', async () => {
  const turns = [['a'], texts(3, 'b'), texts(5_000, 'c'), ['d'.repeat(5_000), 'e', 'f'.repeat(300_000), 'g']]
  const [received] = await receive(1, async ([served]) => {
    for (const turn of turns) {
      for (const text of turn) served?.writer.sendWithTurn(toTextFrame(text))
      await endOfTurn()
    }
    served?.writer.close(DONE)
  })
  expect(received).toEqual(turns.flat())
})

test('What many are sent in the same turn is the same for all, and for those who are sent something else as well', async () => {
  const [same, own] = [texts(4, 'same').map(toTextFrame), (at: number) => toTextFrame(`own ${at}`)]
  const received = await receive(3, async (served) => {
    for (const frame of same) for (const { writer } of served) writer.sendWithTurn(frame)
    for (const [at, { writer }] of served.entries()) writer.sendWithTurn(own(at))
    for (const frame of same) for (const { writer } of served) writer.sendWithTurn(frame)
    for (const { writer } of served) writer.close(DONE)
  })
  const all = texts(4, 'same')
  expect(received.map((one) => one.filter((text) => !text.startsWith('own')))).toEqual(
    [0, 1, 2].map(() => [...all, ...all]),
  )
  expect(received.map((one) => one[4]).sort()).toEqual(['own 0', 'own 1', 'own 2'])
})

test('The frames of a turn are one write', async () => {
  const written: number[] = []
  await receive(1, async ([served]) => {
    const { writer, connection } = served ?? expect.unreachable()
    const write = connection.write.bind(connection)
    connection.write = (chunk: string | Uint8Array) => {
      written.push(chunk.length)
      return write(chunk)
    }
    for (const text of texts(3, 'b')) writer.sendWithTurn(toTextFrame(text))
    await endOfTurn()
    expect(written).toEqual([3 * toTextFrame('b 0').length])
    writer.close(DONE)
  })
  expect(written.length).toBeGreaterThan(0)
})

test('What cannot be asked for again leaves at once, after what was sent before it', async () => {
  const [received] = await receive(1, async ([served]) => {
    served?.writer.sendWithTurn(toTextFrame('event'))
    served?.writer.send(toTextFrame('answer'))
    served?.socket.close(DONE)
  })
  expect(received).toEqual(['event', 'answer'])
})

test('Nothing follows a close frame, whoever sent it', async () => {
  const [received] = await receive(1, async ([served]) => {
    served?.writer.send(toTextFrame('before'))
    served?.writer.sendWithTurn(toTextFrame('in the same turn'))
    served?.socket.close(DONE)
    served?.writer.send(toTextFrame('after'))
    served?.writer.sendWithTurn(toTextFrame('after'))
  })
  expect(received).toEqual(['before'])
})
