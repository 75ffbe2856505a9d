import { describe, expect, test } from 'vitest'
import { toFirstLine } from '../src/first-line.ts'

const ofText = (content: string): string =>
  toFirstLine({ files: [{ path: 'main.py', content, encoding: 'utf8' }], entry: 'main.py' })
const ofBytes = (bytes: Uint8Array): string =>
  toFirstLine({
    files: [{ path: 'main.py', content: Buffer.from(bytes).toString('base64'), encoding: 'base64' }],
    entry: 'main.py',
  })

describe('The first line of a program', () => {
  test.each([
    ['print(1)', 'print(1)'],
    ['\n \t\n  print(1)  \nprint(2)', 'print(1)'],
    ['\r\n\r\nprint(1)\r\nprint(2)', 'print(1)'],
    ['a = 1\rb = 2', 'a = 1'],
    ['# says hello\nprint(1)', '# says hello'],
    ['#!/usr/bin/env python3\n\nprint(1)', 'print(1)'],
    ['\uFEFF#!/bin/sh\necho 1', 'echo 1'],
    ['\uFEFFprint(1)', 'print(1)'],
    ['#!/bin/sh', ''],
    ['print(1)\n#!/bin/sh', 'print(1)'],
    ['if\ta:\u0007 b', 'if a:  b'],
    [' \n\t\n', ''],
    ['', ''],
    ['日本語 = 1', '日本語 = 1'],
  ])('of %j is %j', (content, line) => {
    expect(ofText(content)).toBe(line)
  })

  test('has 200 characters at most, and none of them is cut in half', () => {
    expect(ofText('x'.repeat(1_000_000))).toBe('x'.repeat(200))
    expect(ofText('😀'.repeat(1_000))).toBe('😀'.repeat(200))
  })

  test('is that of the file that is run', () => {
    const files = ['a.py', 'b.py'].map((path) => ({ path, content: `# ${path}`, encoding: 'utf8' as const }))
    expect(toFirstLine({ files, entry: 'b.py' })).toBe('# b.py')
  })

  test('is read from base64 too, and is empty if the bytes are no text', () => {
    expect(ofBytes(Buffer.from('\nprint("é")'))).toBe('print("é")')
    expect(ofBytes(Uint8Array.of(0xff, 0xfe, 0x00))).toBe('')
  })

  test.each([['\n'], [' \n'], ['\r'], [' ']])('of 1 MiB of %j is found in no time', (piece) => {
    const started = performance.now()
    expect(ofText(`${piece.repeat(2 ** 20 / piece.length)}print(1)`)).toBe('print(1)')
    expect(performance.now() - started).toBeLessThan(200)
  })
})
