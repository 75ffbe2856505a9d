import { expect, it } from 'vitest'
import { queuedJobSchema } from '../src/internal/index.ts'
import { defaultLimits } from '../src/public/index.ts'

/** What an API before `awaits` put into Redis. */
const EARLIER = {
  id: `job_${'0'.repeat(32)}`,
  tenant: 'default',
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
  limits: defaultLimits(),
}

it('A job that an earlier version queued is one whose output is awaited', () => {
  expect(queuedJobSchema.parse(EARLIER)).toEqual({ ...EARLIER, awaits: 'output' })
})

it('A job may say no third thing that is awaited', () => {
  expect(queuedJobSchema.safeParse({ ...EARLIER, awaits: 'nothing' }).success).toBe(false)
})
