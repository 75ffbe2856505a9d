import { redisTest as test } from '@runnel/redis/testing'
import { describe, expect } from 'vitest'
import { SUBMISSION_BYTES } from '../../src/input-bounds.ts'
import { startApi } from '../api.ts'
import { connectClient, type RunClient, untilEvent } from './run-client.ts'

type Client = RunClient['socket']

const TOO_LARGE = `Cannot take more than ${SUBMISSION_BYTES} bytes in one message; a program may have 1048576 bytes of source`

describe('A client of socket.io that is identified', () => {
  test.for(['websocket', 'polling'] as const)(
    'gets an error for a message that is too large, over %s, and is closed',
    async (transport, { redisUrl, prefix, resources }) => {
      const api = await startApi({ redisUrl, prefix, resources })
      const client = await connectClient(await api.listen(), resources, { transports: [transport] })
      const closed = untilEvent(client.socket, 'disconnect')
      client.socket.emit('execute_code', { code: 'x'.repeat(9 * 1024 * 1024) })
      await closed
      expect(client.named('execution_error')).toMatchObject([{ code: 'payload-too-large', message: TOO_LARGE }])
    },
  )

  test.for([
    [
      'has too many values',
      (socket) => socket.emit('execute_code', { code: '1', more: Array(5_000).fill(1) }),
      /^Cannot read the packet: it has more than 2448 values/,
    ],
    [
      'is binary',
      (socket) => socket.emit('execute_code', { code: Buffer.from('1') }),
      /^Cannot read this message: it is no packet of socket\.io/,
    ],
    [
      'is no packet',
      (socket) => socket.io.engine.write('9'),
      /^Cannot read this message: it is no packet of socket\.io/,
    ],
  ] as const satisfies readonly (readonly [string, (socket: Client) => unknown, RegExp])[])(
    'gets an error for a message that %s, and is closed',
    async ([, send, message], { redisUrl, prefix, resources }) => {
      const api = await startApi({ redisUrl, prefix, resources })
      const client = await connectClient(await api.listen(), resources, { transports: ['websocket'] })
      const closed = untilEvent(client.socket, 'disconnect')
      send(client.socket)
      await closed
      expect(client.named('execution_error')).toMatchObject([{ message: expect.stringMatching(message) }])
    },
  )

  test('is closed when thirty of its messages in a row were refused', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const client = await connectClient(await api.listen(), resources, { transports: ['websocket'] })
    const closed = untilEvent(client.socket, 'disconnect')
    for (let n = 0; n < 40; n += 1) client.socket.emit('execute_code', {})
    expect(await closed).toBe('io server disconnect')
    const messages = client.named('execution_error').map(({ message }) => message)
    expect(messages.length).toBe(30)
    expect(messages.at(-1)).toMatch(/^Cannot serve this socket any longer: it has sent 30 messages in a row/)
  })

  test('may not put more than a hundred messages in one request', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const base = `${await api.listen()}/socket.io/?EIO=4&transport=polling`
    const opened = await (await fetch(base)).text()
    const url = `${base}&sid=${JSON.parse(opened.slice(1)).sid}`
    const post = (body: string) => fetch(url, { method: 'POST', headers: { 'content-type': 'text/plain' }, body })
    const poll = async (): Promise<string> => (await fetch(url)).text()
    await post('40')
    expect(await poll()).toMatch(/^40/)
    const answer = poll()
    await expect(post(Array(101).fill('42["execute_code",{}]').join('\u001e'))).rejects.toThrow('fetch failed')
    expect(await answer).toContain('Cannot take more than 100 messages in one request')
  })
})
