import { describe, expect, test } from 'vitest'
import { checkPreview, type PreviewUse, signPreview } from '../src/preview-signature.ts'

const TOKEN = `sbt_${'a'.repeat(64)}`
const USE: PreviewUse = { use: 'link', sandboxId: 'sbx-0123456789abcdef01234567', port: 8_000 }
const MAX_MS = 60_000
const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1_000) + seconds

describe('The signature of a preview', () => {
  test('opens that port of that sandbox, in the way it was made for, and nothing else', () => {
    const text = signPreview(TOKEN, USE, inSeconds(30))
    expect(checkPreview(TOKEN, USE, text, MAX_MS)).toBe('good')
    const others: [string, PreviewUse, string][] = [
      [`sbt_${'b'.repeat(64)}`, USE, text],
      [TOKEN, { ...USE, port: 8_001 }, text],
      [TOKEN, { ...USE, sandboxId: 'sbx-76543210fedcba9876543210' }, text],
      [TOKEN, { ...USE, use: 'cookie' }, text],
      [TOKEN, USE, text.replace(/^\d+/, String(inSeconds(31)))],
      [TOKEN, USE, `${text}=`],
      [TOKEN, USE, text.slice(0, -1)],
      [TOKEN, USE, ''],
    ]
    expect(others.map(([token, use, one]) => checkPreview(token, use, one, MAX_MS))).toEqual(
      others.map(() => 'refused'),
    )
  })

  test('is over when its time is, and is refused if it is good for longer than allowed', () => {
    for (const seconds of [-1, 3_600]) {
      expect(checkPreview(TOKEN, USE, signPreview(TOKEN, USE, inSeconds(seconds)), MAX_MS)).toBe('expired')
    }
  })
})
