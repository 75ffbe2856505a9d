import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openPrefix } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import fc from 'fast-check'
import type { RouteOptions } from 'fastify'
import { test as base, expect } from 'vitest'
import { type Api, startApi } from '../api.ts'
import { holdKey, type KeyHolder, submitAs } from '../key-holder.ts'
import { strangeText } from './strange-values.ts'
import type { Words } from './values-of.ts'

/** An API that has jobs, keys and tenants, so that a request can be valid, and the ids of these. */
export interface House {
  readonly api: Api
  readonly url: string
  /** Every route that the application registered. */
  readonly routes: readonly RouteOptions[]
  /** The headers of a key that may do everything. No request can revoke it, or set bounds for its tenant. */
  readonly caller: KeyHolder
  readonly words: Words
  /** Valid values of `:id` in a route, by the part of the URL before it. */
  readonly ids: Readonly<Record<string, readonly string[]>>
  /** Valid bodies for a route whose schema alone makes few, because fields can contradict each other. */
  readonly bodies: Readonly<Record<string, fc.Arbitrary<unknown>>>
  /** A job that reads its input as long as it runs. */
  readonly reader: string
}

/** Plays programs that end at once, except one that reads until its input ends or it is canceled. */
const playPrograms = (api: Api): Promise<void> =>
  api.work(async ({ job, attempt, controls, signal }, publisher) => {
    const log = publisher.open(job.id, attempt)
    await log.start()
    if (job.program.files[0]?.content === 'print("reader")') {
      for await (const control of controls) if (control.type === 'stdin-end') break
    }
    await log.write('stdout', Buffer.from('1\n'))
    await log.finish(signal.aborted ? { type: 'canceled' } : { type: 'exited', exitCode: 0 }, null)
  })

/** A worker that reports as long as the test runs. */
const playWorker = async (api: Api, resources: AsyncDisposableStack): Promise<void> => {
  const report = {
    host: 'blue',
    version: '1',
    startedAt: new Date().toISOString(),
    concurrency: 1,
    busy: 0,
    pool: { idle: 0, bound: 0 },
    sandboxes: { running: 0, bound: 4 },
    isolation: { served: 'job' },
    state: 'ready',
  } as const
  const beat = (): Promise<unknown> => api.backend.workers.beat(WORKER, report)
  await beat()
  const timer = setInterval(() => void beat().catch(() => {}), 2_000)
  resources.defer(() => clearInterval(timer))
}

/** Longer than any test, so that nothing expires during it. */
const DAY_MS = 24 * 60 * 60 * 1_000

const WORKER = 'blue'
const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString()

/** So many that random requests find one before they have deleted all. */
const FILES = 10

const UNKNOWN_JOB = `job_${'0'.repeat(32)}`

export const openHouse = async (options: {
  redisUrl: string
  prefix: string
  resources: AsyncDisposableStack
  retentionMs?: number
}): Promise<House> => {
  const { redisUrl, prefix, resources, retentionMs = DAY_MS } = options
  const blobsFolder = await mkdtemp(join(tmpdir(), 'runnel-fuzz-'))
  resources.defer(() => rm(blobsFolder, { recursive: true }))
  const api = await startApi({ redisUrl, prefix, resources, retentionMs, blobsFolder })
  const url = await api.listen()
  await playPrograms(api)
  await playWorker(api, resources)
  const caller = await holdKey(api, { tenant: 'fuzzer', scopes: ['submit', 'read', 'sandboxes', 'admin'] })
  const other = await holdKey(api)
  const session = await api.backend.sessions.create(caller.key.id, 'fuzzer')
  const finished = await submitAs(api, caller)
  const reader = await submitAs(api, caller, { code: 'print("reader")', interactive: true })
  const others = await submitAs(api, other)
  for (const [id, status] of [
    [finished, 'finished'],
    [reader, 'running'],
    [others, 'finished'],
  ] as const) {
    await eventually(async () => expect((await api.backend.subscriber.summary(id))?.status).toBe(status))
  }
  const files: string[] = []
  for (let number = 0; number < FILES; number += 1) {
    const stored = await api.app.inject({ method: 'POST', url: '/v1/files', headers: caller.headers, payload: '1' })
    files.push(stored.json().id)
  }
  const made = await api.app.inject({ method: 'POST', url: '/v1/sandboxes', headers: caller.headers, payload: {} })
  const sandbox: string = made.json().id
  const sandboxes = [sandbox, sandbox, `sbx-${'0'.repeat(24)}`]
  const jobs = [finished, finished, others, UNKNOWN_JOB]
  return {
    api,
    url,
    routes: api.routes,
    caller,
    reader,
    ids: {
      '/v1/jobs/': jobs,
      '/r/': jobs,
      '/v1/files/': [...files, `file_${'0'.repeat(32)}`],
      '/v1/sandboxes/': sandboxes,
      '/s/': sandboxes,
      '/v1/admin/keys/': [other.key.id, '0'.repeat(16)],
      '/v1/sessions/': [session.session.id, '0'.repeat(16)],
      '/v1/workers/': [WORKER, 'stranger'],
      '/v1/admin/tenants/': ['acme', 'new', 'a'.repeat(63)],
    },
    bodies: {
      'POST /v1/jobs': fc.constantFrom({ code: 'print(1)' }, { files: [{ path: 'main.py', content: 'print(1)' }] }),
      'POST /v1/sandboxes': fc.constantFrom({}, { template: 'py', metadata: { chat: '1' } }),
      'POST /v1/jobs/:id/stdin': fc.constantFrom({ data: '1\n' }, { end: true }),
      'POST /v1/sandboxes/:id/commands/:command/stdin': fc.constantFrom({ data: '1\n' }, { end: true }),
      'POST /v1/tickets': fc.constantFrom({ jobIds: [finished] }, { submissions: true }),
    },
    words: {
      code: fc.constantFrom('print(1)', 'console.log(1)', 'echo 1', '<p>Hello</p>', 'Sure:\n```py\nprint(1)\n```'),
      content: fc.constantFrom('print(1)', 'MTIz'),
      language: fc.constantFrom('python', 'ts', 'bash', 'cobol', 'auto'),
      languages: fc.constantFrom('python', 'bash'),
      fileId: fc.constantFrom(...files),
      artifacts: fc.constantFrom('*.png', 'out/**'),
      path: fc.constantFrom('main.py', 'a/b.py', 'main.ts', 'a'),
      name: fc.constantFrom('data.csv', 'a/b'),
      entry: fc.constantFrom('main.py', 'a/b.py'),
      tenant: fc.constantFrom('acme', 'new'),
      jobId: fc.constantFrom(...jobs, reader),
      jobIds: fc.constantFrom(finished, finished, others),
      data: fc.oneof(fc.constantFrom('1\n', 'MTIz'), strangeText),
      after: fc.constantFrom('0-1', '1-1', '1-2', '1-3', '7-7', '999999999-999999999'),
      cursor: fc.constantFrom('0', `${Date.now()}:${finished}`, finished),
      ref: fc.constantFrom('a', 'b'),
      wait: fc.constantFrom('0', '1', '2000'),
      from: fc.constantFrom(minutesAgo(30), minutesAgo(10)),
      to: fc.constantFrom(minutesAgo(0), minutesAgo(20)),
      step: fc.constantFrom('60000', '3600000', '90000'),
    },
  }
}

/** A test on a house that all tests of its file share: none may leave anything in it that another one notices. */
export const houseTest = base
  .extend('retentionMs', { scope: 'file' }, DAY_MS)
  .extend('house', { scope: 'file' }, async ({ retentionMs }, { onCleanup }) => {
    const resources = new AsyncDisposableStack()
    onCleanup(() => resources.disposeAsync())
    const { redisUrl, prefix } = resources.use(openPrefix())
    return openHouse({ redisUrl, prefix, resources, retentionMs })
  })

/** Checks that a job still runs, all the way to a program and back. */
export const expectGoodService = async ({ url, caller: { headers } }: House): Promise<void> => {
  const response = await fetch(`${url}/execute`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: '{"code":"print(1)"}',
    signal: AbortSignal.timeout(5_000),
  })
  expect([response.status, await response.json()]).toEqual([200, expect.objectContaining({ output: '1\n' })])
}
