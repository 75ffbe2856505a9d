import { once } from 'node:events'
import { setImmediate as endOfTurn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { createSocketWriter, type SocketWriter } from '../src/events/socket-writer.ts'
import { toTextFrame } from '../src/events/text-frame.ts'

const DONE = 1000

interface Served {
  readonly writer: SocketWriter
  readonly socket: WebSocket
}

/** What clients read when `serve` uses the writers of their sockets. */
const receive = async (
  sharesFrames: boolean,
  clients: number,
  serve: (served: readonly Served[]) => Promise<void>,
): Promise<string[][]> => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  const served: Served[] = []
  const failed = Promise.withResolvers<never>()
  server.on('connection', (socket, { socket: connection }) => {
    served.push({ writer: createSocketWriter(socket, connection, sharesFrames), socket })
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

describe.each([
  ['that shares frames', true],
  ['that leaves framing to ws', false],
])('A writer %s', (_, sharesFrames) => {
  test('sends frames whole and in order, of any number and size', async () => {
    const turns = [['a'], texts(3, 'b'), texts(5_000, 'c'), ['d'.repeat(5_000), 'e', 'f'.repeat(300_000), 'g']]
    const [received] = await receive(sharesFrames, 1, async ([served]) => {
      for (const turn of turns) {
        for (const text of turn) served?.writer.send(toTextFrame(text))
        await endOfTurn()
      }
      served?.writer.close(DONE)
    })
    expect(received).toEqual(turns.flat())
  })

  test('sends many sockets the same frames, also between others', async () => {
    const [same, own] = [texts(4, 'same').map(toTextFrame), (at: number) => toTextFrame(`own ${at}`)]
    const received = await receive(sharesFrames, 3, async (served) => {
      for (const frame of same) for (const { writer } of served) writer.send(frame)
      for (const [at, { writer }] of served.entries()) writer.send(own(at))
      for (const frame of same) for (const { writer } of served) writer.send(frame)
      for (const { writer } of served) writer.close(DONE)
    })
    const all = texts(4, 'same')
    expect(received.map((one) => one.filter((text) => !text.startsWith('own')))).toEqual(
      [0, 1, 2].map(() => [...all, ...all]),
    )
    expect(received.map((one) => one[4]).sort()).toEqual(['own 0', 'own 1', 'own 2'])
  })

  test('sends nothing after a close frame', async () => {
    const [received] = await receive(sharesFrames, 1, async ([served]) => {
      served?.writer.send(toTextFrame('before'))
      served?.writer.send(toTextFrame('in the same turn'))
      served?.socket.close(DONE)
      served?.writer.send(toTextFrame('after'))
      served?.writer.send(toTextFrame('after'))
    })
    expect(received).toEqual(['before', 'in the same turn'])
  })
})
