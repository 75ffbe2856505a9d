import { defaultLimits } from '@runnel/contract/public'
import { describe, expect, test } from 'vitest'
import { createLineTest, type JobRecord, readRecord, writeRecord } from '../src/job-record.ts'

const ACCEPTED: JobRecord = {
  id: `job_${'0'.repeat(32)}`,
  tenantId: 'default',
  submittedAt: '2026-11-29T12:00:00.123Z',
  language: 'python',
  firstLine: 'print("É")',
  keyId: null,
  limits: defaultLimits(),
}

describe('A record of a job', () => {
  const usage = { wallMs: 12.5, cpuMs: 3, peakMemoryBytes: 41_000_000 }
  test.each<Partial<JobRecord>>([
    {},
    { keyId: '0123456789abcdef', extracted: { firstLine: 3, lastLine: 7 } },
    { end: { attempt: 0, finishedAt: '2026-11-29T12:00:01.000Z', outcome: { type: 'canceled' }, usage: null } },
    {
      end: {
        attempt: 2,
        startedAt: '2026-11-29T12:00:00.500Z',
        finishedAt: '2026-11-29T12:00:01.000Z',
        outcome: { type: 'exited', exitCode: 1, limitsHit: [{ limit: 'processes', value: 64 }] },
        usage,
      },
    },
  ])('is read as it was written, with %j', (more) => {
    const record = { ...ACCEPTED, ...more }
    expect(readRecord(record.id, writeRecord(record))).toEqual(record)
  })

  test.each([
    ['print("É")', 'PRINT', true],
    ['print("É")', '("é', true],
    ['a\\b', '\\B', true],
    ['print(1)', 'print(2)', false],
    // In the record, but not in the line.
    ['print(1)', 'python', false],
    ['print(1)', '"line"', false],
    ['print(1)', 'default', false],
  ])('with the first line %j, searched for %j: %j', (firstLine, text, isFound) => {
    expect(createLineTest(text)(writeRecord({ ...ACCEPTED, firstLine }))).toBe(isFound)
  })

  test('may have fields that a newer version writes', () => {
    const json = JSON.stringify({ ...JSON.parse(writeRecord(ACCEPTED)), mood: 'good' })
    expect(readRecord(ACCEPTED.id, json)).toEqual(ACCEPTED)
  })
})
