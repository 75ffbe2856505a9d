import { expect, test } from 'vitest'
import { readEntry, toEntry } from '../src/log-entry.ts'

const head = { jobId: 'job_0', position: { attempt: 1, n: 2 }, at: '2026-01-01T00:00:00.000Z' }

test('an entry is read off its front, whatever a program has printed', () => {
  const data = '{"jobId":"x","id":"9-9","at":"","type":"finished"'
  const entry = toEntry(head, { type: 'stdout', encoding: 'utf8', data })
  expect(readEntry(entry.json)).toEqual({ id: '1-2', position: head.position, type: 'stdout', json: entry.json })
})

test('what is not an event of ours is not read', () => {
  for (const text of ['', '{}', '{"jobId":"a","id":"1-1","at":"","type":"exploded"}']) {
    expect(readEntry(text)).toBeUndefined()
  }
})
