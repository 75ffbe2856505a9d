import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { startSystem } from '@runnel/testing/system'
import { expect } from 'vitest'
import { TRANSPORTS, watchJob } from './watch-job.ts'

const WATCHERS = 300
const LINES = 40
const CODE = `import time\nfor n in range(${LINES}):\n    print(n, flush=True)\n    time.sleep(0.1)`

test('Hundreds of watchers of an API that dies reconnect at the same time, and each sees every event once', async ({
  redis,
  redisUrl,
  prefix,
}) => {
  await using system = await startSystem({ redisUrl, prefix })
  const { id } = await system.submit({ language: 'python', code: CODE })
  const connections = async (): Promise<number> => String(await redis.client('LIST')).split(prefix).length
  const before = await connections()
  const url = `${system.url}/v1/jobs/${id}/events`
  const { signal } = new AbortController()
  let watching = 0
  const { promise: allTold, resolve } = Promise.withResolvers<void>()
  const onFirst = (): void => {
    watching += 1
    if (watching === WATCHERS) resolve()
  }
  const watched = Array.from({ length: WATCHERS }, (_, at) => {
    const transport = TRANSPORTS[at % TRANSPORTS.length]
    if (transport === undefined) throw new Error('No transport')
    return watchJob(url, transport, { pauseMs: 0, signal, onFirst })
  })
  await allTold
  system.api.signal('SIGKILL')
  await system.api.exited
  await system.startApi()
  const seen = await Promise.all(watched)
  const events = await eventually(() => system.events(id), { withinMs: 15_000 })
  expect(events.filter(({ type }) => type === 'stdout').length).toBeGreaterThan(LINES / 2)
  expect(seen.filter((one) => JSON.stringify(one) !== JSON.stringify(events))).toEqual([])
  expect(await connections()).toBe(before)
})
