import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { CLOCKS_DIFFER_MS, createVerifier, sign } from '../src/signature.ts'

const SECRET = 'a'.repeat(64)
const PATH = '/sandboxes/sbx-0123456789abcdef01234567/delete?request=e30'

const signAt = (atMs: number) => {
  const [time, nonce] = [String(atMs), '0'.repeat(32)]
  const signature = createHmac('sha256', SECRET).update(`POST\n${PATH}\n${time}\n${nonce}`).digest('hex')
  return { 'x-runnel-time': time, 'x-runnel-nonce': nonce, 'x-runnel-signature': signature }
}

describe('A signed request', () => {
  test('is good once: replayed, it is refused', () => {
    const verify = createVerifier(SECRET)
    const headers = sign(SECRET, 'POST', PATH)
    expect(verify('POST', PATH, headers)).toBe('good')
    expect(verify('POST', PATH, headers)).toBe('refused')
  })

  test.each([
    ['another method', 'GET', PATH, {}],
    ['another path', 'POST', PATH.replace('delete', 'pause'), {}],
    ['another sandbox', 'POST', PATH.replace('0123', '3210'), {}],
    ['another request', 'POST', PATH.replace('e30', 'e31'), {}],
    ['another nonce', 'POST', PATH, { 'x-runnel-nonce': 'f'.repeat(32) }],
    ['another time', 'POST', PATH, { 'x-runnel-time': String(Date.now() + 1) }],
    ['no signature', 'POST', PATH, { 'x-runnel-signature': '' }],
    ['a shorter signature', 'POST', PATH, { 'x-runnel-signature': 'abcd' }],
    ['a time that is no number', 'POST', PATH, { 'x-runnel-time': 'now' }],
  ])('is refused with %s', (_, method, path, changed) => {
    const verify = createVerifier(SECRET)
    expect(verify(method, path, { ...sign(SECRET, 'POST', PATH), ...changed })).toBe('refused')
  })

  test('is refused if it is signed with another secret, or not signed', () => {
    const verify = createVerifier(SECRET)
    expect(verify('POST', PATH, sign('b'.repeat(64), 'POST', PATH))).toBe('refused')
    expect(verify('POST', PATH, {})).toBe('refused')
  })

  test.each([1, -1])('says that the clocks differ if it is older or newer than 30 s (%i)', (side) => {
    const verify = createVerifier(SECRET)
    expect(verify('POST', PATH, signAt(Date.now() + side * (CLOCKS_DIFFER_MS + 1_000)))).toBe('clocks-differ')
    expect(verify('POST', PATH, signAt(Date.now() + side * (CLOCKS_DIFFER_MS - 1_000)))).toBe('good')
  })
})
