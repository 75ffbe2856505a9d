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
  createStatsReader,
  createStatsWriter,
  createTenantCount,
} from '@runnel/registry'
import { eventually } from '@runnel/testing'
import { expect } from 'vitest'
import { acceptJob } from '../src/jobs/accept-job.ts'
import { createJob } from '../src/jobs/create-job.ts'

test('A submission that fails half way leaves nothing that lasts, even if undoing it fails too', async ({
  redis,
  redisKeys,
  redisUrl,
  prefix,
  resources,
}) => {
  const log = createLogger({ name: 'test', level: 'silent' })
  const connect = (role: 'command' | 'subscriber') =>
    resources.adopt(connectRedis(redisUrl, { role, log }), (connection) => connection.disconnect())
  const own = connect('command')
  const common = { redis: own, prefix, retentionMs: 60_000, keptBounds: NO_KEPT_BOUNDS }
  const producer = resources.use(
    createProducer({ ...common, bounds: { queued: 10, tenant: { queued: 10, running: 10 } } }),
  )
  const subscriptions = connect('subscriber')
  const subscriber = resources.use(createSubscriber({ redis: own, subscriber: subscriptions, prefix, log }))
  const recorder = resources.use(createStatsWriter(common))
  const parts = {
    redis: own,
    logWriter: createLogWriter(common),
    history: createHistory(common),
    programs: createPrograms(common),
    sandboxIds: createSandboxIds(common),
    records: createSandboxRecords(common),
    sites: createSites(common),
    siteLog: createSiteLog({ ...common, logWriter: createLogWriter(common) }),
    keys: createKeys(common),
    jobIds: createJobIds(common),
    tenantCount: resources.use(createTenantCount({ redis: own, subscriber: subscriptions, prefix })),
    subscriber,
    recorder,
    files: resources.use(await openFiles({ ...common, folder: '/nonexistent', s3: undefined, log })),
    fileBounds: { files: 1, bytes: 1 },
    maxFileBytes: 1,
    languages: LANGUAGES,
    policy: LIMITS,
    log,
    producer: {
      ...producer,
      remove(id: string) {
        own.disconnect(true)
        return producer.remove(id)
      },
    },
  }
  await eventually(() => own.status === 'ready')
  // The step writes the log, then fails here.
  await redis.set(redisKeys.bounds, 'no hash')
  const submission = createSubmissionSchema(LIMITS).parse({ code: 'print(1)', language: 'python' })
  const job = await createJob(parts, { tenant: unboundTenant('default'), keyId: null }, submission)
  await expect(acceptJob(parts, job, {})).rejects.toThrow('WRONGTYPE')
  const leftMs = await redis.pttl(redisKeys.events(job.id))
  expect(leftMs).toBeGreaterThan(common.retentionMs - 30_000)
  expect(leftMs).toBeLessThanOrEqual(common.retentionMs)
  await eventually(async () =>
    expect(await subscriber.summary(job.id)).toMatchObject({ status: 'finished', outcome: { type: 'canceled' } }),
  )
  await redis.del(redisKeys.bounds)
  await recorder.flush()
  expect((await createStatsReader({ redis, prefix }).read({})).totals.accepted).toBe(0)
})
