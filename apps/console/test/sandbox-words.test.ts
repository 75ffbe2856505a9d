import { describe, expect, test } from 'vitest'
import { describeSandbox, formatSpan, nameOf } from '../src/views/sandboxes/sandbox-words.ts'

const now = Date.parse('2026-11-29T12:00:00Z')
const living = { status: 'running', endsAt: '2026-11-29T12:04:30Z', idleTimeoutMs: 600_000 } as const

describe('A sandbox in words', () => {
  test.each([
    [0, '0 s'],
    [-5_000, '0 s'],
    [89_999, '89 s'],
    [90_000, '1 min'],
    [7_199_999, '119 min'],
    [7_200_000, '2 h'],
  ])('%i ms are %s', (ms, words) => {
    expect(formatSpan(ms)).toBe(words)
  })

  test.each([
    [living, 'running', 'Ends in 4 min, or after 10 min without use'],
    [{ ...living, status: 'paused' }, 'idle', 'Paused, ends in 4 min'],
    [{ status: 'queued', idleTimeoutMs: 1, queuePosition: 3 }, 'queued', 'Waits: 3 before it'],
    [{ status: 'ended', idleTimeoutMs: 1, ending: 'idle' }, 'limit', 'Ended: nobody used it'],
    [{ status: 'ended', idleTimeoutMs: 1, ending: 'lost' }, 'ours', 'Lost: its worker stopped'],
  ] as const)('says how %j stands', (sandbox, tone, words) => {
    expect(describeSandbox(sandbox, now)).toEqual({ tone, words })
  })

  test('calls it by the name in its metadata, otherwise by the end of its id', () => {
    const id = 'sbx-0123456789abcdef01234567'
    expect(nameOf({ id, metadata: { name: ' Report ' } })).toBe('Report')
    expect(nameOf({ id, metadata: {} })).toBe('01234567')
  })
})
