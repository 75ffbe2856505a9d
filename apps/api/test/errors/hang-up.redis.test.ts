import { METHODS } from 'node:http'
import type { Socket } from 'node:net'
import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { startApi } from '../api.ts'
import { collectLog } from '../collect-log.ts'
import { expectRefusal } from '../fuzz/answers.ts'
import { openRawConnection, readAnswers } from '../fuzz/raw-connection.ts'

/** The number of pino's level. */
const INFO = 30

const toFollow = (id: string, type: string): string =>
  `GET /v1/jobs/${id}/events HTTP/1.1\r\nHost: localhost\r\nAccept: ${type}\r\n\r\n`

/** Where a client hangs up: what it has sent by then. The job waits. */
const hangUps = (id: string): Readonly<Record<string, string>> => ({
  'in its headers': 'POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nX: ',
  'in a body':
    'POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"code":',
  'in a chunk':
    'POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{',
  'before its answer':
    'POST /v1/jobs?wait=60000 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 19\r\n\r\n{"code":"print(1)"}',
  'in server-sent events': toFollow(id, 'text/event-stream'),
  'in NDJSON': toFollow(id, 'application/x-ndjson'),
  'in a large answer': 'GET /docs/js/scalar.js HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'in a handshake':
    'GET /v1/stream HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-',
  'in one of several requests': 'GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(5),
  'on a WebSocket':
    'GET /v1/stream HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  'on socket.io':
    'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
})

describe('A client that hangs up', () => {
  test.for(['end', 'reset'] as const)(
    'with a TCP %s is no error in the log, wherever it does',
    async (way, { redisUrl, prefix, resources }) => {
      const { log, lines } = collectLog()
      const api = await startApi({ redisUrl, prefix, resources, log })
      const url = await api.listen()
      const sockets: Socket[] = []
      api.app.server.on('connection', (socket) => sockets.push(socket))
      const id = (await api.app.inject({ method: 'POST', url: '/v1/jobs', payload: { code: 'print(1)' } })).json().id
      const all = Object.values(hangUps(id))
      for (const sent of all) {
        const { socket } = await openRawConnection(url)
        socket.write(sent)
        await eventually(() => expect(sockets.at(-1)?.bytesRead).toBe(sent.length))
        if (way === 'end') socket.destroy()
        else socket.resetAndDestroy()
        await eventually(() => expect(sockets.at(-1)?.closed).toBe(true))
      }
      expect(sockets.length).toBe(all.length)
      // A request after those: their errors have been handled by then.
      expect((await api.app.inject('/v1/jobs')).statusCode).toBe(200)
      expect(lines().filter(({ level }) => Number(level) > INFO)).toEqual([])
    },
  )
})

test('No method of HTTP is our fault, with or without a body and its type', async ({ redisUrl, prefix, resources }) => {
  const api = await startApi({ redisUrl, prefix, resources })
  const url = await api.listen()
  const bodies = [[], ['Content-Length: 2'], ['Content-Length: 2', 'Content-Type: application/json']]
  for (const method of METHODS) {
    // Node closes the connection of a CONNECT without an answer.
    if (method === 'CONNECT' || method === 'GET' || method === 'HEAD') continue
    for (const headers of bodies) {
      using connection = await openRawConnection(url)
      const head = [`${method} /v1/jobs HTTP/1.1`, 'Host: localhost', 'Connection: close', ...headers]
      connection.socket.write(`${head.join('\r\n')}\r\n\r\n${headers.length === 0 ? '' : '{}'}`)
      const [answer] = readAnswers(await connection.read({ withinMs: 5_000 }))
      expect(answer?.body, `${method} ${headers.join()}`).toBeDefined()
      expectRefusal(answer?.status ?? 0, answer?.body ?? '')
      // Also QUERY, which Fastify itself refuses without a type: no URL takes it.
      if (method !== 'POST') expect([method, answer?.status]).toEqual([method, 405])
    }
  }
})
