import type { QueuedJob } from '@runnel/contract/internal'
import {
  createSubmissionSchema,
  jobPageSchema,
  LIMITS,
  OUTCOME_CLASSES,
  type Outcome,
  type OutcomeClass,
  SEARCH_JOBS,
  unboundTenant,
} from '@runnel/contract/public'
import { LANGUAGES } from '@runnel/languages'
import type { Redis, RedisCommand, RedisKeys } from '@runnel/redis'
import { redisTest as test } from '@runnel/redis/testing'
import { createHistory } from '@runnel/registry'
import { expect } from 'vitest'
import { startApi } from './api.ts'
import { holdKey } from './key-holder.ts'

const JOBS = 100_000
const DAY_MS = 24 * 60 * 60_000
const HOUR_MS = 60 * 60_000
/** Jobs that are filled in with one round trip. */
const STEP = 1_000
const ROUNDS = 31

const OUTCOMES: Readonly<Record<OutcomeClass, Outcome>> = {
  succeeded: { type: 'exited', exitCode: 0 },
  failed: { type: 'exited', exitCode: 1 },
  signaled: { type: 'signaled', signal: 'SIGSEGV' },
  'timed-out': { type: 'timed-out', limit: 'wall', limitMs: 30_000 },
  'out-of-memory': { type: 'out-of-memory', limitBytes: 268_435_456 },
  'output-limit': { type: 'output-limit', limitBytes: 1_048_576 },
  canceled: { type: 'canceled' },
  'sandbox-ended': { type: 'sandbox-ended', ending: 'lost' },
  'sandbox-failed': { type: 'sandbox-failed', reference: '00000000-0000-0000-0000-000000000000' },
}
const LINES = [
  'import pandas as pd',
  'def fibonacci(n: int) -> int:',
  '# Plot the temperature of each city over the last ten years, with a legend and a title',
  'print("hello, world")',
]

const PROGRAM = createSubmissionSchema(LIMITS).parse({ code: 'x' })

/** The n-th job of the last twenty hours: most programs are Python and succeed. */
const toJob = (n: number, { id, tenantId, keyId }: Pick<QueuedJob, 'id' | 'tenantId' | 'keyId'>): QueuedJob => {
  const content = `${LINES[n % LINES.length]} # ${n}\nprint(1)\n`
  const language = n % 10 < 7 ? 'python' : (LANGUAGES[n % LANGUAGES.length]?.id ?? 'python')
  const { args, env, stdin } = PROGRAM
  return {
    id,
    tenantId,
    submittedAt: new Date(Date.now() - 20 * HOUR_MS + Math.floor((n / JOBS) * 20 * HOUR_MS)).toISOString(),
    program: {
      language,
      files: [{ path: 'main', content, encoding: 'utf8' }],
      entry: 'main',
      args,
      env,
      stdin,
      interactive: false,
    },
    isolation: 'job',
    limits: {
      wallMs: 30_000,
      cpuMs: 10_000,
      memoryBytes: 268_435_456,
      outputBytes: 1_048_576,
      processes: 64,
      diskBytes: 67_108_864,
    },
    keyId,
  }
}

const toOutcome = (n: number): Outcome => {
  const name = n % 10 < 8 ? 'succeeded' : n % 100 < 95 ? 'failed' : OUTCOME_CLASSES[n % OUTCOME_CLASSES.length]
  return OUTCOMES[name ?? 'succeeded']
}

const send = async (redis: Redis, commands: readonly RedisCommand[]): Promise<void> => {
  const pipeline = redis.pipeline()
  for (const [name, ...args] of commands) pipeline.call(name, ...args)
  for (const [error] of (await pipeline.exec()) ?? []) if (error !== null) throw error
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

const bytesOf = async (redis: Redis, keys: readonly string[]): Promise<number> => {
  const pipeline = redis.pipeline()
  for (const key of keys) pipeline.call('MEMORY', 'USAGE', key, 'SAMPLES', '0')
  return ((await pipeline.exec()) ?? []).reduce((sum, [, bytes]) => sum + Number(bytes), 0)
}

const usedBytes = async (redis: Redis): Promise<number> =>
  Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1])

const partsOf = (keys: RedisKeys, tenantId: string): string[] =>
  LANGUAGES.flatMap(({ id }) =>
    [...OUTCOME_CLASSES, 'unfinished'].map((ending) => keys.historyPart(tenantId, id, ending)),
  )

test('The history of 100,000 jobs answers in milliseconds, and has a few hundred bytes a job', async ({
  redis,
  redisKeys,
  redisUrl,
  prefix,
  resources,
}) => {
  const api = await startApi({ redisUrl, prefix, resources, retentionMs: DAY_MS })
  const { key, headers } = await holdKey(api, { name: 'the chat' })
  const { id: tenantId } = unboundTenant(key.tenant)
  const history = createHistory({ redis, prefix, retentionMs: DAY_MS })
  const usedBefore = await usedBytes(redis)
  const ids: string[] = []
  for (let start = 0; start < JOBS; start += STEP) {
    const commands: RedisCommand[] = []
    for (let n = start; n < start + STEP; n += 1) {
      const job = toJob(n, { id: await api.backend.jobIds.create(tenantId), tenantId, keyId: key.id })
      const startedAt = new Date(Date.parse(job.submittedAt) + 4).toISOString()
      const finishedAt = new Date(Date.parse(job.submittedAt) + 1_840).toISOString()
      const usage = { wallMs: 1836.42, cpuMs: 903.11, peakMemoryBytes: 41_943_040 }
      const end = { attempt: 1, startedAt, finishedAt, outcome: toOutcome(n), usage }
      commands.push(...history.acceptCommands(job), ...history.endCommands(job, end))
      ids.push(job.id)
    }
    await send(redis, commands)
  }
  const used = (await usedBytes(redis)) - usedBefore
  const perJob = {
    record: (await bytesOf(redis, ids.slice(0, 10_000).map(redisKeys.jobRecord))) / 10_000,
    ended: (await bytesOf(redis, [redisKeys.history(tenantId)])) / JOBS,
    parts: (await bytesOf(redis, partsOf(redisKeys, tenantId))) / JOBS,
    all: used / JOBS,
  }

  const url = await api.listen()
  const read = async (query: string) => {
    const response = await fetch(`${url}/v1/jobs?${query}`, { headers })
    return jobPageSchema.parse(await response.json())
  }
  const times: Record<string, number> = {}
  for (const [name, query, jobs] of [
    ['first page of 20', '', 20],
    ['first page of 50', 'limit=50', 50],
    ['one outcome', 'outcome=failed&limit=50', 50],
    ['one language', 'language=python&limit=50', 50],
    ['outcome and language', 'outcome=timed-out,canceled&language=bash&limit=50', 50],
    ['rare outcomes', 'outcome=sandbox-failed,out-of-memory&limit=50', 50],
    ['search that finds many', 'q=pandas&limit=50', 50],
    ['search that finds nothing', 'q=nowhere&limit=50', 0],
    [
      'minute of the plot',
      `by=finished&from=${new Date(Date.now() - HOUR_MS).toISOString()}&to=${new Date(Date.now() - HOUR_MS + 60_000).toISOString()}&limit=50`,
      50,
    ],
    ['jobs that run', 'status=running&limit=50', 0],
  ] as const) {
    const took: number[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      const started = performance.now()
      const page = await read(query)
      took.push(performance.now() - started)
      expect([name, page.jobs.length]).toEqual([name, jobs])
    }
    times[name] = median(took)
  }
  const none = await read('q=nowhere')
  expect(none.next).toBeTypeOf('string')
  const looked = ids.at(-SEARCH_JOBS)
  expect(none.next).toContain(looked)
  const report = [
    ...Object.entries(perJob).map(([name, bytes]) => `${name}: ${Math.round(bytes)} bytes a job`),
    ...Object.entries(times).map(([name, ms]) => `${name}: ${ms.toFixed(1)} ms`),
  ]
  process.stdout.write(`\n${report.join('\n')}\n`)
  expect(times['first page of 20']).toBeLessThan(30)
  expect(times['first page of 50']).toBeLessThan(30)
  expect(perJob.all).toBeLessThan(1_500)
})
