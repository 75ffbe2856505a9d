import { describe, expect, test } from 'vitest'
import { parsesAs } from '../src/detection.ts'

describe('A text parses as', () => {
  test.each([
    ['python', 'x = """\n```python\nprint(1)\n```\n"""\nprint(x)\n'],
    ['python', 'class A: pass'],
    ['python', 'type Pair = tuple[int, int]\n'],
    ['python', 'if x:\r\n\ty = 1\r\nprint(f"{y!r:>{w}}")'],
    ['javascript', 'outer: for (const a of b) { continue outer }'],
    ['javascript', '#!/usr/bin/env node\nconst x = await import("x")'],
    ['javascript', "import data from './a.json' with { type: 'json' }"],
    ['javascript', 'const A = () => <div className="a">hi {x} <b/></div>'],
    ['typescript', 'async function g(): Promise<void> {}'],
    ['typescript', 'const a = <T>b'],
    ['typescript', 'try { f() } catch (error: unknown) { g(error) }'],
    ['typescript', 'const isText = (x: unknown): x is string => typeof x === "string"'],
    ['typescript', 'function check(x: unknown): asserts x is string {}'],
    ['typescript', "let fs: typeof import('fs')"],
    ['typescript', "import fs = require('fs')"],
    ['typescript', 'let size!: number'],
    ['typescript', 'type First<T> = T extends [infer H extends string, ...infer R] ? H : R'],
    ['typescript', '@tag\nexport class A {}'],
    ['typescript', '@Tag({ a: 1 })\nexport default abstract class A {}'],
    ['typescript', 'const A = (p: Props) => <b>{p.x}</b>'],
  ] as const)('%s: %j', (language, text) => {
    expect(parsesAs(language, text)).toBe(true)
  })
})

describe('A text does not parse as', () => {
  test.each([
    ['python', 'Sure, here it is:\n```python\nprint(1)\n```\n'],
    ['python', 'print(1'],
    ['python', 'const x = 1;'],
    ['javascript', 'Sure, here it is:\n```js\nconsole.log(1)\n```\n'],
    ['javascript', 'async function g(): Promise<void> {}'],
    ['javascript', 'try { f() } catch (error: unknown) { g(error) }'],
    ['javascript', 'const isText = (x: unknown): x is string => typeof x === "string"'],
    ['javascript', "import fs = require('fs')"],
    ['javascript', '@tag\nexport class A {}'],
    ['typescript', 'def f(x): return x'],
  ] as const)('%s: %j', (language, text) => {
    expect(parsesAs(language, text)).toBe(false)
  })
})

test('There is no answer for Bash, which has no parser here', () => {
  expect(parsesAs('bash', 'echo hi')).toBeUndefined()
})
