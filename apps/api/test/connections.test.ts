import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { Socket } from 'node:net'
import { eventually } from '@runnel/testing'
import { describe, expect, test } from 'vitest'
import { createConnections, UNANSWERED_REQUESTS } from '../src/connections.ts'
import { openRawConnection, readAnswers } from './fuzz/raw-connection.ts'

const REQUEST = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'

/** As an API does: not in the turn of the event loop in which the request came. */
const answerLater =
  (onAnswer = () => {}): RequestListener =>
  (_request, response) =>
    void setImmediate(() => response.end('{}', onAnswer))

/** A server on a port of its own. */
const serve = async (maximum: number, listener: RequestListener) => {
  const connections = createConnections({ maximum })
  const server = createServer(connections.guard(listener))
  connections.watch(server)
  const sockets: Socket[] = []
  server.on('connection', (socket) => sockets.push(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('A TCP server without a port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    sockets,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      connections.cutAll()
      await closed
    },
  }
}

describe('Requests of one connection that does not wait for answers', () => {
  test('are answered in order, and the first that is too many is refused as the last', async () => {
    const open: (() => void)[] = []
    await using server = await serve(10, (_request, response) => {
      open.push(() => response.end('{}'))
      if (open.length === UNANSWERED_REQUESTS) for (const end of open.toReversed()) setImmediate(end)
    })
    using connection = await openRawConnection(server.url)
    connection.socket.write(REQUEST.repeat(2_000))
    const answers = readAnswers(await connection.read({ withinMs: 10_000 }))
    expect(answers.map(({ status }) => status)).toEqual([...Array(UNANSWERED_REQUESTS).fill(200), 429])
    expect(JSON.parse(answers.at(-1)?.body ?? '').error).toMatchObject({
      code: 'too-many-requests',
      message: 'Cannot take more than 10 requests on one connection before the first is answered: wait for answers',
    })
    expect(open.length).toBe(UNANSWERED_REQUESTS)
  })

  test('are all served if there are never too many', async () => {
    let served = 0
    await using server = await serve(
      10,
      answerLater(() => (served += 1)),
    )
    using connection = await openRawConnection(server.url)
    for (let round = 1; round <= 5; round += 1) {
      connection.socket.write(REQUEST.repeat(UNANSWERED_REQUESTS))
      await eventually(() => expect(served).toBe(round * UNANSWERED_REQUESTS))
    }
    expect(connection.socket.closed).toBe(false)
  })
})

describe('Connections', () => {
  test('of one address are refused when it has half of all, until one of them closes', async () => {
    await using server = await serve(4, (_request, response) => void response.end('{}'))
    using first = await openRawConnection(server.url)
    using _second = await openRawConnection(server.url)
    await eventually(() => expect(server.sockets.length).toBe(2))
    using third = await openRawConnection(server.url)
    third.socket.write(REQUEST)
    const answers = readAnswers(await third.read({ withinMs: 10_000 }))
    expect(answers.map(({ status, body }) => [status, JSON.parse(body).error.message])).toEqual([
      [
        429,
        'Cannot open another connection: 2 from this address are open, which is the maximum; close some, or use one for many requests',
      ],
    ])
    first.socket.destroy()
    await eventually(() => expect(server.sockets[0]?.closed).toBe(true))
    using fourth = await openRawConnection(server.url)
    fourth.socket.write(REQUEST)
    await fourth.read({ withinMs: 10_000, until: /200 OK[^{]*\{\}/ })
  })

  test('are read later after one has sent too many requests at once', async () => {
    await using server = await serve(100, answerLater())
    const connect = async (text: string): Promise<number> => {
      using connection = await openRawConnection(server.url)
      const startedAt = performance.now()
      connection.socket.write(text)
      await connection.read({ withinMs: 10_000, until: /200 OK/ })
      return performance.now() - startedAt
    }
    await connect(REQUEST)
    const startedAt = performance.now()
    await connect(REQUEST.repeat(2_000))
    const spentMs = performance.now() - startedAt
    const waitedMs = await connect(REQUEST)
    expect(waitedMs).toBeGreaterThan(spentMs / 2)
  })
})
