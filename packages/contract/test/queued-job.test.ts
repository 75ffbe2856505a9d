import { expect, it } from 'vitest'
import { queuedJobSchema } from '../src/internal/index.ts'
import { FIRST_LIMITS } from './first-limits.ts'

const QUEUED = {
  id: `job_${'0'.repeat(32)}`,
  tenantId: 'default',
  submittedAt: '2026-01-01T00:00:00.000Z',
  program: {
    language: 'python',
    files: [{ path: 'main.py', content: 'print(1)', encoding: 'utf8' }],
    entry: 'main.py',
    args: [],
    env: {},
    stdin: '',
    interactive: false,
  },
  isolation: 'job',
  limits: FIRST_LIMITS,
}

it('A job that an older version queued with isolation "tenant" has isolation "job"', () => {
  expect(queuedJobSchema.parse({ ...QUEUED, isolation: 'tenant' })).toEqual(QUEUED)
})

it('A job that another version queued is read without its unknown fields', () => {
  const job = queuedJobSchema.parse({ ...QUEUED, awaits: 'output' })
  expect(job).toEqual(QUEUED)
})
