import { randomBytes } from 'node:crypto'
import type { QueuedJob } from '@runnel/contract/internal'
import { defaultLimits, type Outcome, RequestError } from '@runnel/contract/public'
import type { Redis, RedisCommand } from '@runnel/redis'
import { redisTest } from '@runnel/redis/testing'
import { describe, expect } from 'vitest'
import { createHistory, type HistoryPart } from '../src/index.ts'

const DAY_MS = 24 * 60 * 60_000
const START = Date.now() - 60_000

const newJob = (job: { at?: number; language?: string; code?: string; tenantId?: string } = {}): QueuedJob => {
  const { at = START, language = 'python', code = 'print(1)', tenantId = 'default' } = job
  return {
    id: `job_${randomBytes(16).toString('hex')}`,
    tenantId,
    isolation: 'job',
    submittedAt: new Date(at).toISOString(),
    program: {
      language,
      files: [{ path: 'main', content: code, encoding: 'utf8' }],
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

const send = async (redis: Redis, commands: readonly RedisCommand[]): Promise<void> => {
  for (const [name, ...args] of commands) await redis.call(name, ...args)
}

const OUTCOMES = {
  succeeded: { type: 'exited', exitCode: 0 },
  failed: { type: 'exited', exitCode: 1 },
  'timed-out': { type: 'timed-out', limit: 'wall', limitMs: 1_000 },
} as const satisfies Record<string, Outcome>

const test = redisTest.extend('history', async ({ redis, prefix }) => {
  const history = createHistory({ redis, prefix, retentionMs: DAY_MS })
  const accept = async (job: QueuedJob): Promise<QueuedJob> => {
    await send(redis, history.acceptCommands(job))
    return job
  }
  const end = (job: QueuedJob, outcome: Outcome) =>
    send(redis, history.endCommands(job, { attempt: 1, finishedAt: new Date().toISOString(), outcome, usage: null }))
  return { ...history, accept, end }
})

const ALL: HistoryPart[] = [
  'ended',
  { language: 'python', ending: 'unfinished' },
  { language: 'bash', ending: 'unfinished' },
]

/** Every page, to the last one. */
const readAll = async (
  history: Pick<ReturnType<typeof createHistory>, 'read'>,
  query: Omit<Parameters<ReturnType<typeof createHistory>['read']>[1], 'cursor'>,
): Promise<string[][]> => {
  const pages: string[][] = []
  let cursor: string | undefined
  do {
    const { entries, next } = await history.read('default', { ...query, cursor })
    pages.push(entries.map(({ id }) => id))
    cursor = next
  } while (cursor !== undefined)
  return pages
}

describe('The history', () => {
  test('has every job once, newest first, in pages that later jobs do not shift', async ({ history }) => {
    const jobs = Array.from({ length: 7 }, (_, n) => newJob({ at: START + n }))
    for (const job of jobs) await history.accept(job)
    const ids = jobs.map(({ id }) => id).toReversed()
    const first = await history.read('default', { parts: ALL, count: 3 })
    expect(first.entries.map(({ id }) => id)).toEqual(ids.slice(0, 3))
    await history.accept(newJob({ at: START + 60_000 }))
    const second = await history.read('default', { parts: ALL, count: 3, cursor: first.next })
    expect(second.entries.map(({ id }) => id)).toEqual(ids.slice(3, 6))
    const third = await history.read('default', { parts: ALL, count: 3, cursor: second.next })
    expect(third.entries.map(({ id }) => id)).toEqual(ids.slice(6))
    expect(third.next).toBeUndefined()
  })

  test('has jobs of the same millisecond', async ({ history }) => {
    const jobs = Array.from({ length: 5 }, () => newJob())
    for (const job of jobs) await history.accept(job)
    const pages = await readAll(history, { parts: ALL, count: 2 })
    expect(pages.map((page) => page.length)).toEqual([2, 2, 1])
    expect(pages.flat().toSorted()).toEqual(jobs.map(({ id }) => id).toSorted())
  })

  test('has a record of each job: as it was accepted, then with its end', async ({ history }) => {
    const job = {
      ...newJob({ code: '\nimport os' }),
      keyId: '0123456789abcdef',
      extracted: { firstLine: 2, lastLine: 3 },
    }
    await history.accept(job)
    const { id, tenantId, submittedAt, limits, keyId, extracted } = job
    const accepted = { id, tenantId, submittedAt, language: 'python', firstLine: 'import os', keyId, extracted, limits }
    expect(await history.find(id)).toEqual(accepted)
    await history.end(job, OUTCOMES.failed)
    const end = { attempt: 1, finishedAt: expect.any(String), outcome: OUTCOMES.failed, usage: null }
    expect(await history.find(id)).toEqual({ ...accepted, end })
    expect((await history.read('default', { parts: ALL, count: 1 })).entries).toEqual([
      { id, cursor: expect.stringContaining(id), record: { ...accepted, end } },
    ])
  })

  test('writes the record of a job that an older version accepted when it ends', async ({ history }) => {
    const job = newJob()
    expect(await history.find(job.id)).toBeUndefined()
    await history.end(job, OUTCOMES.succeeded)
    expect(await history.find(job.id)).toMatchObject({ firstLine: 'print(1)', end: { outcome: OUTCOMES.succeeded } })
  })

  const PARTS: [string, HistoryPart[], string[]][] = [
    ['one outcome', [{ language: 'python', ending: 'failed' }], ['p-failed-2', 'p-failed-1']],
    [
      'one outcome in two languages',
      [
        { language: 'bash', ending: 'failed' },
        { language: 'python', ending: 'failed' },
      ],
      ['p-failed-2', 'b-failed', 'p-failed-1'],
    ],
    [
      'jobs that have not ended, and others',
      [
        { language: 'python', ending: 'unfinished' },
        { language: 'python', ending: 'succeeded' },
      ],
      ['p-waits', 'p-good'],
    ],
    ['a part that no job is in', [{ language: 'bash', ending: 'canceled' }], []],
    ['no part', [], []],
  ]
  test.for(PARTS)('can be read in parts: %s', async ([, parts, expected], { history }) => {
    const names = ['p-failed-1', 'p-good', 'b-failed', 'p-waits', 'p-failed-2', 'b-timed-out']
    const ids = new Map<string, string>()
    for (const [at, name] of names.entries()) {
      const job = newJob({ at: START + at, language: name.startsWith('b') ? 'bash' : 'python' })
      ids.set(job.id, name)
      await history.accept(job)
      if (name.includes('failed')) await history.end(job, OUTCOMES.failed)
      if (name.includes('good')) await history.end(job, OUTCOMES.succeeded)
      if (name.includes('timed-out')) await history.end(job, OUTCOMES['timed-out'])
    }
    for (const count of [1, 2, 10]) {
      const pages = await readAll(history, { parts, count })
      expect(pages.flat().map((id) => ids.get(id))).toEqual(expected)
    }
  })

  test('is searched by the first line, in any case, and says how far back that was', async ({ history }) => {
    const lines = ['IMPORT os', 'print(1)', 'é = 1', 'import re']
    for (const [at, code] of lines.entries()) await history.accept(newJob({ at: START + at, code }))
    const found = await history.read('default', { parts: ALL, text: 'import', count: 10 })
    expect(found.entries.map(({ record }) => record?.firstLine)).toEqual(['import re', 'IMPORT os'])
    expect(found).toMatchObject({ read: 4, lookedBackTo: new Date(START) })
    const part = await history.read('default', { parts: ALL, text: 'É', count: 3 })
    expect(part.entries.map(({ record }) => record?.firstLine)).toEqual(['é = 1'])
    expect(part).toMatchObject({ read: 3, lookedBackTo: new Date(START + 1), next: expect.any(String) })
  })

  test('is read between two times: from the first one on, and before the second', async ({ history }) => {
    for (const at of [0, 1, 2, 3]) await history.accept(newJob({ at: START + at }))
    const { entries } = await history.read('default', {
      parts: ALL,
      from: new Date(START + 1),
      to: new Date(START + 3),
      count: 10,
    })
    expect(entries.map(({ record }) => Date.parse(record?.submittedAt ?? '') - START)).toEqual([2, 1])
  })

  test('forgets what is older than the retention, and keeps no more than it needs', async ({
    history,
    redis,
    redisKeys,
  }) => {
    const old = newJob({ at: Date.now() - DAY_MS - 3_600_000 })
    const fresh = newJob()
    for (const job of [old, fresh]) {
      await history.accept(job)
      await history.end(job, OUTCOMES.succeeded)
    }
    expect(await readAll(history, { parts: ALL, count: 10 })).toEqual([[fresh.id]])
    const part = redisKeys.historyPart('default', 'python', 'succeeded')
    expect([await redis.zcard(redisKeys.history('default')), await redis.zcard(part)]).toEqual([1, 1])
    expect(await redis.exists(redisKeys.historyPart('default', 'python', 'unfinished'))).toBe(0)
  })

  test('leaves out a job whose record is gone, and tells of one that never had a record', async ({
    history,
    redis,
    redisKeys,
  }) => {
    const gone = newJob({ at: Date.now() - DAY_MS - 1_000 })
    const older = newJob()
    for (const job of [gone, older]) {
      await history.accept(job)
      await redis.del(redisKeys.jobRecord(job.id))
    }
    const { entries } = await history.read('default', { parts: ALL, count: 10 })
    expect(entries).toEqual([{ id: older.id, cursor: expect.stringContaining(older.id) }])
    expect((await history.read('default', { parts: ALL, count: 10, text: 'print' })).entries).toEqual([])
  })

  test('keeps tenants apart', async ({ history }) => {
    const job = await history.accept(newJob({ tenantId: 'one' }))
    await history.end(job, OUTCOMES.failed)
    const parts = [{ language: 'python', ending: 'failed' }] as const
    expect((await history.read('one', { count: 10, parts })).entries.map(({ id }) => id)).toEqual([job.id])
    for (const query of [{ parts: ALL }, { parts }, { parts: ALL, text: 'print' }])
      expect(await history.read('two', { count: 10, ...query })).toEqual({ entries: [], read: 0 })
  })

  test('refuses a cursor that no answer has given', async ({ history }) => {
    const refusal = await history
      .read('default', { parts: ALL, count: 10, cursor: 'yesterday' })
      .catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(RequestError)
    expect(refusal).toMatchObject({
      code: 'invalid-request',
      status: 400,
      message: 'Cannot use the cursor "yesterday": send the `next` of a page',
    })
  })
})

describe('The runs of a sandbox', () => {
  test('are known until they have ended, and their records say the sandbox', async ({ redis, history }) => {
    const sandboxId = `sbx-${'a'.repeat(24)}`
    const [first, second] = [
      { ...newJob(), sandboxId },
      { ...newJob(), sandboxId },
    ]
    for (const run of [first, second, newJob()]) await send(redis, history.acceptCommands(run))
    expect((await history.findRuns(sandboxId)).toSorted()).toEqual([first.id, second.id].toSorted())
    const record = await history.find(first.id)
    expect(record?.sandboxId).toBe(sandboxId)
    if (record === undefined) return
    const end = { attempt: 1, finishedAt: new Date().toISOString(), outcome: OUTCOMES.succeeded, usage: null }
    await send(redis, history.endCommands(record, end))
    expect(await history.findRuns(sandboxId)).toEqual([second.id])
    expect((await history.find(first.id))?.sandboxId).toBe(sandboxId)
  })
})
