import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { QueuedJob } from '@runnel/contract/internal'
import { defaultLimits, type Outcome } from '@runnel/contract/public'
import { connectRedis, type RedisCommand } from '@runnel/redis'
import { createHistory } from '@runnel/registry'
import type { Page } from 'playwright-core'
import { type Measure, median } from './measure.ts'

const JOBS = 100_000
const AT_ONCE = 500
const RETENTION_MS = 24 * 60 * 60_000
const TRIES = 5

const LINES = [
  'import random; print(random.random())',
  'def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)',
  'for row in rows: print(row.total())',
  'const answer = await fetch(url)',
  'df = load("sales.csv")',
]
const OUTCOMES: readonly Outcome[] = [
  { type: 'exited', exitCode: 0 },
  { type: 'exited', exitCode: 0 },
  { type: 'exited', exitCode: 0 },
  { type: 'exited', exitCode: 1 },
  { type: 'timed-out', limit: 'wall', limitMs: 30_000 },
  { type: 'canceled' },
]

const pick = <T>(list: readonly [T, ...T[]] | readonly T[], index: number): T | undefined => list[index % list.length]

/** Job number `index`: one is submitted every half second, the last one now. */
const toJob = (index: number): QueuedJob => {
  const submitted = Date.now() - (JOBS - index) * 500
  return {
    id: `job_${randomBytes(16).toString('hex')}`,
    tenantId: 'default',
    isolation: 'job',
    submittedAt: new Date(submitted).toISOString(),
    program: {
      language: index % 4 === 3 ? 'javascript' : 'python',
      files: [{ path: 'main', content: `${pick(LINES, index)} # ${index}`, encoding: 'utf8' }],
      entry: 'main',
      args: [],
      env: {},
      stdin: '',
      interactive: false,
    },
    limits: defaultLimits(),
    keyId: null,
  }
}

/** Writes the records of jobs that ended, as API and worker do. */
const seedHistory = async (redisUrl: string, prefix: string): Promise<void> => {
  const log = { info: () => {}, warn: () => {}, error: () => {} }
  const redis = connectRedis(redisUrl, { role: 'command', log })
  try {
    await once(redis, 'ready')
    const history = createHistory({ redis, prefix, retentionMs: RETENTION_MS })
    for (let first = 0; first < JOBS; first += AT_ONCE) {
      const commands: RedisCommand[] = []
      for (let index = first; index < Math.min(JOBS, first + AT_ONCE); index += 1) {
        const job = toJob(index)
        const at = Date.parse(job.submittedAt)
        const ranMs = 40 + (index % 1_900)
        commands.push(
          ...history.acceptCommands(job),
          ...history.endCommands(job, {
            attempt: 1,
            startedAt: new Date(at + (index % 300)).toISOString(),
            finishedAt: new Date(at + (index % 300) + ranMs).toISOString(),
            outcome: pick(OUTCOMES, index) ?? { type: 'canceled' },
            usage: { wallMs: ranMs, cpuMs: ranMs / 2, peakMemoryBytes: 12_000_000 },
          }),
        )
      }
      const pipeline = redis.pipeline()
      for (const [name, ...args] of commands) pipeline.call(name, ...args)
      for (const [error] of (await pipeline.exec()) ?? []) if (error !== null) throw error
    }
  } finally {
    redis.disconnect()
  }
}

/** From an act of a person until a row with this text is on the screen, by the browser's own clock. */
const untilRow = async (page: Page, text: string, act: () => Promise<unknown>): Promise<number> => {
  const row = page.getByRole('listitem').filter({ hasText: text }).first()
  const before = performance.now()
  await act()
  await row.waitFor()
  return performance.now() - before
}

/** A history of 100,000 jobs: opened, filtered and searched. Each number is the median of five tries. */
export const measureHistory = async (bench: {
  readonly page: Page
  readonly url: string
  readonly redisUrl: string
  readonly prefix: string
}): Promise<readonly Measure[]> => {
  const { page, url, redisUrl, prefix } = bench
  await seedHistory(redisUrl, prefix)
  const newest = `# ${JOBS - 1}`
  const [opened, shown, filtered, searched]: [number[], number[], number[], number[]] = [[], [], [], []]
  for (let tries = 0; tries < TRIES; tries += 1) {
    opened.push(await untilRow(page, newest, () => page.goto(`${url}/history`)))
    await page.getByRole('link', { name: 'Run' }).click()
    shown.push(await untilRow(page, newest, () => page.getByRole('link', { name: 'History' }).click()))
    filtered.push(await untilRow(page, '30 s', () => page.getByRole('button', { name: 'Stopped by a limit' }).click()))
    await page.goto(`${url}/history`)
    const search = page.getByRole('searchbox')
    searched.push(
      await untilRow(page, `# ${JOBS - 4_321}`, async () => {
        await search.fill(`# ${JOBS - 4_321}`)
        await search.press('Enter')
      }),
    )
  }
  return [
    { name: 'history of 100,000 jobs: from its address to its rows', ms: median(opened), boundMs: 1_000 },
    { name: 'the same, from a press on History to its rows', ms: median(shown), boundMs: 300 },
    { name: 'the same, from a press on a filter to its rows', ms: median(filtered), boundMs: 300 },
    { name: 'the same, from Enter in the search to one of the last 5,000', ms: median(searched), boundMs: 500 },
  ]
}
