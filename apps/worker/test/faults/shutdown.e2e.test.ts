import { setTimeout as delay } from 'node:timers/promises'
import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { startSystem, stdoutOf } from '@runnel/testing/system'
import { describe, expect } from 'vitest'
import { TRANSPORTS, watchJob } from './watch-job.ts'

const GRACE_MS = 1_500
/** Time after the grace: to stop running jobs, put them back and remove the containers. */
const MARGIN_MS = 4_000
/** How long a stopping API may take: streams end at once, and connections that are still open are cut after three seconds. */
const API_MS = 4_000

const LOAD = 24

describe('Stopped under load', () => {
  test('API and worker exit in time and lose nothing, and every watcher sees each event once', async ({
    redisUrl,
    prefix,
  }) => {
    const env = { RUNNEL_CONCURRENCY: '6', RUNNEL_SHUTDOWN_GRACE_MS: String(GRACE_MS) }
    await using system = await startSystem({ redisUrl, prefix, env })
    const { signal } = new AbortController()
    const watched = new Map<string, ReturnType<typeof watchJob>>()
    const submitOn = async (): Promise<void> => {
      while (watched.size < LOAD) {
        const index = watched.size
        const code = `import time\nfor n in range(10):\n    print(${index}, n, flush=True)\n    time.sleep(0.2)`
        // An API that stops or is away refuses jobs: only accepted ones count.
        const job = await system.submit({ language: 'python', code }).catch(() => undefined)
        if (job === undefined) {
          await delay(50)
          continue
        }
        const transport = TRANSPORTS[index % TRANSPORTS.length]
        if (transport === undefined) throw new Error('No transport')
        watched.set(job.id, watchJob(`${system.url}/v1/jobs/${job.id}/events`, transport, { pauseMs: 0, signal }))
      }
    }
    const submitted = submitOn()
    await eventually(() => watched.size > LOAD / 2)

    const [worker] = system.workers
    const { api } = system
    const stoppedAt = performance.now()
    worker?.signal('SIGTERM')
    api.signal('SIGTERM')
    expect(await api.exited).toBe(0)
    expect(performance.now() - stoppedAt).toBeLessThan(API_MS)
    await system.startApi()
    expect(await worker?.exited).toBe(0)
    expect(performance.now() - stoppedAt).toBeLessThan(GRACE_MS + MARGIN_MS)

    await system.startWorker({ RUNNEL_CONCURRENCY: '12' })
    await submitted
    for (const [at, [id, seen]] of [...watched].entries()) {
      const job = await system.finished(id)
      expect([job.outcome, stdoutOf(job)]).toEqual([
        { type: 'exited', exitCode: 0 },
        Array.from({ length: 10 }, (_, n) => `${at} ${n}\n`).join(''),
      ])
      expect(await seen).toEqual(await system.events(id))
    }
  })
})
