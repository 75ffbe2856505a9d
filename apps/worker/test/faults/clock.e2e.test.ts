import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { containersOf, type Process, startSystem, stdoutOf, untilWorkers } from '@runnel/testing/system'
import { expect } from 'vitest'

const HOUR_MS = 3_600_000
const JUMPS_MS = [HOUR_MS, -2 * HOUR_MS, 10 * 365 * 24 * HOUR_MS]
const RETENTION_MS = 600_000

const ENV = {
  RUNNEL_CONCURRENCY: '3',
  RUNNEL_RETENTION_MS: String(RETENTION_MS),
  CLOCK_JUMPS: JUMPS_MS.join(),
  NODE_OPTIONS: `--import=${new URL('jumping-clock.ts', import.meta.url).href}`,
}

const CODE = 'import time\nprint("running", flush=True)\ntime.sleep(1)\nprint("ended")'

test('A wall clock that jumps an hour ahead, two back and ten years ahead, in a worker or the API, changes no job', async ({
  redis,
  redisKeys,
  redisUrl,
  prefix,
}) => {
  await using system = await startSystem({ redisUrl, prefix, env: ENV })
  const [worker] = system.workers
  if (worker === undefined) throw new Error('No worker')
  const submit = () => system.submit({ language: 'python', code: CODE, limits: { wallMs: 8_000 } })

  const jumpUnderJobs = async (part: Process): Promise<void> => {
    const running = await Promise.all([submit(), submit()])
    for (const { id } of running) {
      await eventually(async () => expect((await system.read(id)).status).toBe('running'), { withinMs: 15_000 })
    }
    part.signal('SIGUSR2')
    const jobs = [...running, await submit(), await submit()]
    for (const { id } of jobs) {
      const job = await system.finished(id)
      expect(job).toMatchObject({ outcome: { type: 'exited', exitCode: 0 }, attempt: 1 })
      expect(stdoutOf(job)).toBe('running\nended\n')
      expect(job.usage?.wallMs).toBeLessThan(8_000)
      const leftMs = await redis.pttl(redisKeys.events(id))
      expect(leftMs).toBeGreaterThan(RETENTION_MS * 0.9)
      expect(leftMs).toBeLessThanOrEqual(RETENTION_MS)
    }
    await untilWorkers(system, 1, 0)
  }

  for (const part of [worker, system.api]) {
    for (const _ of JUMPS_MS) await jumpUnderJobs(part)
  }
  // The clocks did jump.
  const [later = 0, ...others] = JUMPS_MS.toReversed()
  for (const { lines } of [worker, system.api]) {
    const { time = 0 } = lines.at(-1) ?? {}
    expect(time - Date.now()).toBeGreaterThan(later + Math.min(...others))
  }
  // The worker was not seen as dead, nor its sandboxes as old.
  expect((await containersOf(worker)).length).toBeGreaterThan(0)
  expect(worker.lines.filter(({ msg }) => /lost|dead|fail/i.test(msg))).toEqual([])
})
