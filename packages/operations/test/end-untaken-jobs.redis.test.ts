import { openFiles } from '@runnel/blobs'
import { createSubmissionSchema, LIMITS, unboundTenant } from '@runnel/contract/public'
import { LANGUAGES } from '@runnel/languages'
import { createLogWriter } from '@runnel/output/log-writer'
import { createSiteLog } from '@runnel/output/site-log'
import { createSubscriber } from '@runnel/output/subscriber'
import { createLogger } from '@runnel/process'
import { createProducer } from '@runnel/queue/producer'
import { connectRedis } from '@runnel/redis'
import { NO_KEPT_BOUNDS, redisTest as test } from '@runnel/redis/testing'
import {
  createHistory,
  createJobIds,
  createKeys,
  createPrograms,
  createSandboxIds,
  createSandboxRecords,
  createSites,
  createStatsWriter,
  createTenantCount,
  createWorkerDirectory,
} from '@runnel/registry'
import { eventually } from '@runnel/testing'
import { expect } from 'vitest'
import { acceptJob } from '../src/jobs/accept-job.ts'
import { createJob } from '../src/jobs/create-job.ts'
import { endUntakenJobs } from '../src/jobs/end-untaken-jobs.ts'
import { listJobs } from '../src/jobs/list-jobs.ts'
import { readProgram } from '../src/jobs/read-program.ts'

test('A job that no worker takes ends in the history as in its log, and its program is kept', async ({
  redisUrl,
  prefix,
  resources,
}) => {
  const log = createLogger({ name: 'test', level: 'silent' })
  const connect = (role: 'command' | 'subscriber') =>
    resources.adopt(connectRedis(redisUrl, { role, log }), (connection) => connection.disconnect())
  const redis = connect('command')
  await eventually(() => redis.status === 'ready')
  const common = { redis, prefix, retentionMs: 60_000, keptBounds: NO_KEPT_BOUNDS }
  const subscriptions = connect('subscriber')
  const bounds = { queued: 10, tenant: { queued: 10, running: 10 } }
  const parts = {
    redis,
    producer: resources.use(createProducer({ ...common, bounds })),
    logWriter: createLogWriter(common),
    subscriber: resources.use(createSubscriber({ redis, subscriber: subscriptions, prefix, log })),
    history: createHistory(common),
    programs: createPrograms(common),
    sandboxIds: createSandboxIds(common),
    records: createSandboxRecords(common),
    sites: createSites(common),
    siteLog: createSiteLog({ ...common, logWriter: createLogWriter(common) }),
    sandboxRecords: createSandboxRecords(common),
    keys: createKeys(common),
    jobIds: createJobIds(common),
    tenantCount: resources.use(createTenantCount({ redis, subscriber: subscriptions, prefix })),
    files: resources.use(await openFiles({ ...common, folder: '/nonexistent', s3: undefined, log })),
    fileBounds: { files: 1, bytes: 1 },
    maxFileBytes: 1,
    languages: LANGUAGES,
    policy: LIMITS,
    recorder: resources.use(createStatsWriter(common)),
    log,
  }
  const tenant = unboundTenant('default')
  const submission = createSubmissionSchema(LIMITS).parse({ code: 'print(1)', language: 'python' })
  const job = await createJob(parts, { tenant, keyId: null }, submission)
  await acceptJob(parts, job, {})
  resources.use(endUntakenJobs({ ...parts, workers: createWorkerDirectory(common), noWorkerTimeoutMs: 1 }))
  const end = await eventually(async () => {
    const found = (await parts.history.find(job.id))?.end
    if (found === undefined) throw new Error('The job has not ended')
    return found
  })
  const { finishedAt, outcome } = (await parts.subscriber.summary(job.id)) ?? {}
  expect(outcome?.type).toBe('sandbox-failed')
  expect(end).toEqual({ attempt: 0, finishedAt, outcome, usage: null })
  const requester = { tenant, keyId: null, auditLog: () => {} }
  const page = await listJobs(parts, requester, { outcome: ['sandbox-failed'] })
  expect(page.jobs.map(({ id, firstLine }) => [id, firstLine])).toEqual([[job.id, 'print(1)']])
  await eventually(async () => expect(await parts.producer.place(job.id)).toBeUndefined())
  expect((await readProgram(parts, job.id)).code).toBe('print(1)')
})
