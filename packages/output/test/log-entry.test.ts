import { expect, test } from 'vitest'
import { readMessage, readStored, toEntry, toFields, toMessage } from '../src/log-entry.ts'

const head = { jobId: 'job_0', position: { attempt: 1, n: 2 }, at: '2026-01-01T00:00:00.000Z' }

test('an entry is read back from the log and from the channel, for any output of a program', () => {
  for (const data of ['{"jobId":"x","id":"9-9","at":"","type":"finished"', '9-9 finished {}', ' ', '\n']) {
    const entry = toEntry(head, { type: 'stdout', encoding: 'utf8', data })
    expect(readMessage(toMessage(entry))).toEqual(entry)
    expect(readStored([entry.id, toFields(entry)])).toEqual(entry)
  }
})

test('a message that is not an event is ignored', () => {
  for (const text of ['', ' ', '{}', '1-1', '1-1 started', '1-1 exploded {}', 'x started {}', '1 started {}']) {
    expect(readMessage(text)).toBeUndefined()
  }
})

test('an entry of a log that is not an event is an error', () => {
  for (const fields of [[], ['e', '{}'], ['type', 'exploded', 'message', '1-1 exploded {}']]) {
    expect(() => readStored(['1-1', fields])).toThrow('Entry 1-1 of a log is not an event')
  }
})
