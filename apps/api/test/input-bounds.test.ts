import { createSubmissionSchema, LIMITS, PROGRAM } from '@runnel/contract/public'
import { describe, expect, test } from 'vitest'
import { BODY_BYTES, boundJson, createJsonBound, SUBMISSION_BYTES } from '../src/input-bounds.ts'

const check = (text: string): void => boundJson(Buffer.from(text), 'the body')

describe('The bounds of a body', () => {
  test('let everything through that a submission may have', () => {
    const word = 'x'.repeat(200)
    const largest = {
      language: 'python',
      entry: 'f0.py',
      files: Array.from({ length: PROGRAM.files }, (_, n) => ({
        path: `f${n}.py`,
        content: '\u001b'.repeat(PROGRAM.sourceBytes / PROGRAM.files - 1),
        encoding: 'utf8',
      })),
      args: Array(PROGRAM.args).fill('a,b[]{}"'),
      env: Object.fromEntries(Array.from({ length: PROGRAM.env }, (_, n) => [`NAME${n}`, word])),
      stdin: 'hello',
      interactive: false,
      tty: true,
      cols: 80,
      rows: 24,
      isolation: 'job',
      cancelOnDisconnect: false,
      serve: true,
      timeoutMs: 3_600_000,
      idleTimeoutMs: 300_000,
      public: false,
      console: true,
      limits: Object.fromEntries(Object.entries(LIMITS).map(([name, limit]) => [name, limit.default])),
    }
    const text = JSON.stringify({ type: 'submit', ref: 'a', idempotencyKey: 'b', subscribe: true, job: largest })
    expect(() => check(text)).not.toThrow()
    expect(text.length).toBeLessThan(SUBMISSION_BYTES)
    expect(createSubmissionSchema(LIMITS).safeParse(largest).error).toBeUndefined()
    expect(SUBMISSION_BYTES).toBeGreaterThan(6 * PROGRAM.sourceBytes + BODY_BYTES)
  })

  test('count no sign that is in a text', () => {
    expect(() => check(JSON.stringify({ code: '[{,'.repeat(10_000) + '\\"\\\\'.repeat(10_000) }))).not.toThrow()
  })

  test('find the same in pieces of any size', () => {
    const texts = ['{"a":"\\"[[[[[[[[[[,"}', '{"a":"\\\\"}', `["\\\\",${'['.repeat(9)}`, `[${'"\\"",'.repeat(2_500)}`]
    for (const text of texts) {
      const whole = createJsonBound('it').read(Buffer.from(text))?.message
      for (let size = 1; size < 8; size += 1) {
        const { read } = createJsonBound('it')
        let found: string | undefined
        for (let at = 0; at < text.length; at += size) found ??= read(Buffer.from(text.slice(at, at + size)))?.message
        expect([text.slice(0, 20), size, found]).toEqual([text.slice(0, 20), size, whole])
      }
    }
  })

  test('refuse more values, and deeper nesting, than any submission has', () => {
    expect(() => check(`[${Array(3_000).fill('1').join()}]`)).toThrow(
      /^Cannot read the body: it has more than 2448 values/,
    )
    expect(() => check(`{"a":${'['.repeat(8)}`)).toThrow('Cannot read the body: it is nested deeper than 8 levels')
  })
})
