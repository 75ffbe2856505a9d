import { describe, expect, test } from 'vitest'
import { toCaretNotation, toTitle } from '../src/caret-notation.ts'
import { createOutputText } from '../src/output-text.ts'
import { saysWhereItLeads, toSafeLink } from '../src/safe-link.ts'

describe('A link that a program printed', () => {
  test.each([
    'javascript:alert(1)',
    ' javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'file:///etc/passwd',
    'vbscript:x',
    'blob:https://example.com/1',
    '//example.com',
    'example.com',
    '',
  ])('is not opened: %j', (text) => {
    expect(toSafeLink(text)).toBeUndefined()
  })

  test('of http or https is shown as the browser will open it', () => {
    expect(toSafeLink('HTTPS://Example.com/a b\u202e')).toEqual({
      href: 'https://example.com/a%20b%E2%80%AE',
      shown: 'https://example.com/a%20b%E2%80%AE',
    })
  })

  test('with a host that only looks like another one is shown in its ASCII form', () => {
    expect(toSafeLink('https://ex\u0430mple.com/')?.shown).toBe('https://xn--exmple-4nf.com/')
  })

  test('is shown up to 200 characters, and opened whole', () => {
    const link = toSafeLink(`https://example.com/${'a'.repeat(300)}`)
    expect([link?.shown.length, link?.href.length]).toEqual([201, 320])
  })

  test.each([
    ['https://example.com', true],
    ['https://example.com/', true],
    ['click here', false],
    ['https://bank.example', false],
  ])('printed as %j says where it leads: %s', (printed, says) => {
    expect(saysWhereItLeads(printed, { href: 'https://example.com/', shown: '' })).toBe(says)
  })
})

describe('Text that is typed', () => {
  test('is echoed without control characters', () => {
    expect(toCaretNotation('a\u001b]52;c;eA==\u0007\u007f\u009bc\té✅')).toBe('a^[]52;c;eA==^G^?\\x9bc\té✅')
  })
})

describe('The title of a program', () => {
  test('is text of at most 80 characters, without what turns or hides text', () => {
    expect(toTitle('  make\u202e\u0007 all ')).toBe('make all')
    expect(toTitle('x'.repeat(200))).toBe(`${'x'.repeat(79)}…`)
  })
})

describe('Output', () => {
  const event = (type: 'stdout' | 'stderr', encoding: 'utf8' | 'base64', data: string) =>
    ({ type, encoding, data, jobId: 'job_1', id: '1-1', at: '2026-11-29T12:00:00Z' }) as const

  test('joins characters that are split between events of one stream, whatever the other prints', () => {
    const text = createOutputText()
    const [first, rest] = [Buffer.from('é').subarray(0, 1), Buffer.from('é').subarray(1)]
    expect(text.add(event('stdout', 'base64', first.toString('base64')))).toBe('')
    expect(text.add(event('stderr', 'utf8', 'x'))).toBe('x')
    expect(text.add(event('stdout', 'base64', rest.toString('base64')))).toBe('é')
  })

  test('says at its end that a character was cut', () => {
    const text = createOutputText()
    text.add(event('stdout', 'base64', Buffer.from('é').subarray(0, 1).toString('base64')))
    expect(text.end()).toBe('\ufffd')
  })

  test.each([
    ['marks on a letter', `a${'\u0301'.repeat(1_000)}`, `a${'\u0301'.repeat(16)}`],
    ['people in a family', '👨\u200D'.repeat(1_000), '👨\u200D'.repeat(8)],
    ['parts of a syllable', '\u1100'.repeat(1_000), '\u1100'.repeat(16)],
    ['the longest emoji', '👩🏻\u200D❤\uFE0F\u200D💋\u200D👩🏽', '👩🏻\u200D❤\uFE0F\u200D💋\u200D👩🏽'],
  ])('keeps of %s what one character needs', (_, printed, kept) => {
    expect(createOutputText().add(event('stdout', 'utf8', `x${printed}y`))).toBe(`x${kept}y`)
  })
})
