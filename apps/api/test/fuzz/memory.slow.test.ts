import { redisTest as test } from '@runnel/redis/testing'
import { heldBytes } from '@runnel/testing'
import fc from 'fast-check'
import { expect } from 'vitest'
import { openFrameSocket } from './frame-socket.ts'
import { framesFor } from './frames.ts'
import { expectGoodService, openHouse } from './house.ts'
import { requestsFor } from './requests.ts'
import { fuzzTimeout } from './runs.ts'

const REQUESTS_PER_ROUTE = 20
const FRAMES = 500
const ROUNDS = 4
/** Two rounds are 2,400 requests and frames. A third of a kilobyte kept of each would exceed this. */
const GROWTH_BYTES = 768 * 1024

test('Thousands of requests and frames leave nothing in memory', { timeout: fuzzTimeout }, async ({
  redisUrl,
  prefix,
  resources,
}) => {
  const house = await openHouse({ redisUrl, prefix, resources })
  const { app } = house.api
  // The same input each time, or the memory for making it would be measured too.
  const requests = house.routes.flatMap((route) =>
    fc.sample(requestsFor(route, house), { seed: 3, numRuns: REQUESTS_PER_ROUTE }),
  )
  const frames = fc.sample(framesFor(house), { seed: 3, numRuns: FRAMES })
  const held: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const request of requests) await app.inject(request)
    using stream = await openFrameSocket(house)
    await stream.exchange(frames)
    stream.socket.terminate()
    await expectGoodService(house)
    held.push(await heldBytes())
  }
  // The first round fills caches and buffers.
  const [, second = 0, , last = 0] = held
  expect(last - second, held.join(', ')).toBeLessThan(GROWTH_BYTES)
})
