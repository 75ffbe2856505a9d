import { createSubmissionSchema, LIMITS, unboundTenant } from '@runnel/contract/public'
import { LANGUAGES } from '@runnel/languages'
import { eventually, redisTest as test } from '@runnel/testing'
import { expect } from 'vitest'
import type { Backend } from '../src/backend.ts'
import { createJob } from '../src/jobs/create-job.ts'
import { submitJob } from '../src/jobs/submit-job.ts'
import { startApi } from './api.ts'

test('A submission that failed half way leaves nothing that lasts, even where undoing it breaks off too', async ({
  redis,
  redisUrl,
  prefix,
  resources,
}) => {
  const { backend } = await startApi({ redisUrl, prefix, resources })
  const { producer } = backend
  const breaking: Backend = {
    ...backend,
    producer: {
      ...producer,
      remove(id) {
        backend.redis.disconnect(true)
        return producer.remove(id)
      },
    },
  }
  // The step writes the log, then stumbles.
  await redis.set(`${prefix}:bounds`, 'no hash')
  const submission = createSubmissionSchema(LIMITS).parse({ code: 'print(1)', language: 'python' })
  const job = createJob({ languages: LANGUAGES, policy: LIMITS }, unboundTenant('default'), submission)
  await expect(submitJob(breaking, job, { audit: () => {} })).rejects.toThrow('WRONGTYPE')
  expect(await redis.pttl(`${prefix}:events:${job.id}`)).toBeGreaterThan(0)
  await eventually(async () => expect((await backend.subscriber.summary(job.id))?.status).toBe('finished'))
})
