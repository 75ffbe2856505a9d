import { expect, test } from 'vitest'
import { createBacklog } from '../src/backlog.ts'
import { toEntry } from '../src/log-entry.ts'

const entryOf = (n: number, bytes: number) =>
  toEntry(
    { jobId: 'job_1', position: { attempt: 1, n }, at: '2026-01-01T00:00:00.000Z' },
    { type: 'stdout', encoding: 'utf8', data: 'x'.repeat(bytes) },
  )

test('An entry that is larger than the bound is kept when nothing else waits', () => {
  const backlog = createBacklog()
  const large = entryOf(1, 400_000)
  backlog.add(large)
  expect(backlog.hasGap).toBe(false)
  expect(backlog.shift()).toBe(large)
  expect(backlog.isEmpty).toBe(true)
})

test('An entry that is too much beside the others leaves a gap, and so does each that follows', () => {
  const backlog = createBacklog()
  const first = entryOf(1, 10)
  backlog.add(first)
  backlog.add(entryOf(2, 400_000))
  backlog.add(entryOf(3, 10))
  expect(backlog.hasGap).toBe(true)
  expect(backlog.shift()).toBe(first)
  expect(backlog.shift()).toBeUndefined()
  backlog.clear()
  expect(backlog.isEmpty).toBe(true)
})
