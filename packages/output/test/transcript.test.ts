import { defaultLimits } from '@runnel/contract/public'
import { expect, test } from 'vitest'
import { toEntry } from '../src/log-entry.ts'
import { createTranscript } from '../src/transcript.ts'

const at = '2026-01-01T00:00:00.000Z'
const outcome = { type: 'exited', exitCode: 0 } as const

/** A transcript of events, which get the number of the attempt that they are listed under. */
const transcribe = (...attempts: readonly (readonly Parameters<typeof toEntry>[1][])[]) => {
  const transcript = createTranscript()
  for (const [attempt, bodies] of attempts.entries()) {
    for (const [index, body] of bodies.entries())
      transcript.add(toEntry({ jobId: 'job_0', position: { attempt, n: index + 1 }, at }, body))
  }
  return transcript.read()
}

const QUEUED = [{ type: 'queued', language: 'python', limits: defaultLimits(), interactive: false }] as const
const print = (data: string) => ({ type: 'stdout', encoding: 'utf8', data }) as const
const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString()

test('A transcript has the summary of a job and its output', () => {
  const transcript = transcribe(QUEUED, [
    { type: 'started' },
    print('a'),
    { type: 'stderr', encoding: 'base64', data: '/w==' },
    print('b'),
    { type: 'finished', outcome, usage: null },
  ])
  expect(transcript?.summary).toMatchObject({
    status: 'finished',
    language: 'python',
    attempt: 1,
    startedAt: at,
    outcome,
  })
  expect(text(transcript?.output.stdout)).toBe('ab')
  expect(transcript?.output.stderr).toEqual(Buffer.of(0xff))
  expect(transcript?.output.truncated).toBe(false)
})

test('A transcript has the lines of a chat answer that were run, if there are any', () => {
  const end = [{ type: 'started' }, { type: 'finished', outcome, usage: null }] as const
  const extracted = { firstLine: 3, lastLine: 9 }
  expect(transcribe([{ ...QUEUED[0], extracted }], end)?.summary.extracted).toEqual(extracted)
  expect(transcribe(QUEUED, end)?.summary).not.toHaveProperty('extracted')
})

test('A transcript of a job that restarted has the output of its last attempt', () => {
  const transcript = transcribe(
    QUEUED,
    [{ type: 'started' }, print('lost '.repeat(100_000))],
    [{ type: 'restarted' }, { type: 'started' }, print('kept'), { type: 'finished', outcome, usage: null }],
  )
  expect(transcript?.summary.attempt).toBe(2)
  expect(text(transcript?.output.stdout)).toBe('kept')
})

test('A transcript of a job that was canceled in the queue has no start', () => {
  const transcript = transcribe([...QUEUED, { type: 'finished', outcome: { type: 'canceled' }, usage: null }])
  expect(transcript?.summary).toMatchObject({ attempt: 0, outcome: { type: 'canceled' } })
  expect(transcript?.summary).not.toHaveProperty('startedAt')
})

test('A transcript is undefined before the end of the job, and if the output was too large', () => {
  expect(transcribe(QUEUED, [{ type: 'started' }, print('a')])).toBeUndefined()
  const much = [{ type: 'started' }, print('x'.repeat(65_536)), { type: 'finished', outcome, usage: null }] as const
  expect(transcribe(QUEUED, much)).toBeUndefined()
})
