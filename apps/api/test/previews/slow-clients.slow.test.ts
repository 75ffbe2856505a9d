import { createServer } from 'node:http'
import { connect } from 'node:net'
import { redisTest } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { expect } from 'vitest'
import { startHouse } from './preview-house.ts'

const test = redisTest
  .extend('house', ({ redisUrl, prefix, resources }) =>
    startHouse({ redisUrl, prefix, resources, previewSilentMs: 500 }),
  )
  .extend('sandbox', ({ house }) => house.hold('acme'))

test('A thousand slow clients of one preview keep nobody else out', async ({ house, sandbox }) => {
  const port = await house.listen((socket) => {
    socket.on('data', () => {})
  })
  const other = await house.hold('rival')
  const hello = await house.listen(createServer((_, response) => response.end('hello')))
  const head = `POST / HTTP/1.1\r\nHost: ${house.hostOf(sandbox, port)}\r\nX-Access-Token: ${sandbox.accessToken}\r\n`
  const refused: string[] = []
  const clients = Array.from({ length: 1_000 }, () => {
    const socket = connect(house.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.on('data', (data) => refused.push(String(data).slice(9, 12)))
    socket.write(`${head}Content-Length: 1000\r\n\r\nx`)
    return socket
  })
  const drip = setInterval(() => {
    for (const client of clients) client.write('x')
  }, 100)
  await eventually(() => expect(refused.length).toBe(1_000 - 128), { withinMs: 60_000 })
  expect(new Set(refused)).toEqual(new Set(['503']))
  expect(
    (await house.ask('/', { host: house.hostOf(other, hello), headers: { 'x-access-token': other.accessToken } })).body,
  ).toBe('hello')
  clearInterval(drip)
  for (const client of clients) client.destroy()
  await eventually(() => expect(sandbox.count.open).toBe(0))
})
