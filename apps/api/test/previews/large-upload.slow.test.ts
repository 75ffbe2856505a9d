import { once } from 'node:events'
import { createServer, request as httpRequest } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { redisTest } from '@runnel/redis/testing'
import { expect } from 'vitest'
import { startHouse } from './preview-house.ts'

const MIB = 1024 * 1024

const test = redisTest.extend('house', ({ redisUrl, prefix, resources }) => startHouse({ redisUrl, prefix, resources }))

test('An upload of a gigabyte to a slow program needs no memory for it', async ({ house }) => {
  const sandbox = await house.hold('acme')
  let taken = 0
  let most = 0
  const program = createServer(async (request, response) => {
    for await (const part of request) {
      taken += part.length
      most = Math.max(most, process.memoryUsage().rss)
    }
    response.end(String(taken))
  })
  const host = house.hostOf(sandbox, await house.listen(program))
  const headers = { host, 'x-access-token': sandbox.accessToken }
  const upload = httpRequest({ host: '127.0.0.1', port: house.port, agent: false, method: 'POST', headers })
  const part = Buffer.alloc(MIB, 'x')
  const parts = Readable.from(
    (function* () {
      for (let count = 0; count < 1_024; count += 1) yield part
    })(),
    { highWaterMark: 1 },
  )
  const before = process.memoryUsage().rss
  const [[answer]] = await Promise.all([once(upload, 'response'), pipeline(parts, upload)])
  expect(Buffer.concat(await answer.toArray()).toString()).toBe(String(1_024 * MIB))
  // Client, API, gateway and program are all in this process.
  expect(most - before).toBeLessThan(256 * MIB)
})
