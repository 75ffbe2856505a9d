import { createRequire } from 'node:module'
import { expect, test } from 'vitest'

const { isSuspicious }: { isSuspicious: (source: string) => boolean } = createRequire(import.meta.url)(
  '../src/suspicion.cjs',
)

test.each([
  'return <number>x',
  'throw <Error>x',
  'const f = (x) => <number>x',
  'const x = <number>-1',
  'const x = <any>!0',
  "const x = <'a' | 'b'>'a'",
  'const x = <{ a: number }>{ a: 1 }',
  'const f = <() => void>(() => {})',
  'const x = await <Promise<number>>f()',
  'const x = < number >y',
  'const x = <const>["a"]',
  'f(<number>x)',
  'class A { constructor(private x: number) {} }',
  `class A { constructor(${' '.repeat(3_000)}private x: number) {} }`,
  `${'class A { constructor() {} }\n'.repeat(150)}class B { constructor(@Inject() readonly x: number) {} }`,
  '@sealed\nclass A {}',
  'class A { @bound\n  run() {} }',
])('A text with what Node cannot strip is suspicious: %j', (source) => {
  expect(isSuspicious(source)).toBe(true)
})

test.each([
  'if (a < b) c()',
  'for (let i = 0; i < n; i++) {}',
  'while (i++ < n) {}',
  'const m = new Map<string, number>()',
  'class A<T> {}',
  'const x = a << 2',
  'const f = async <T>(x: T) => x',
  '/**\n * @param x of a\n */',
  "const mail = 'ada@example.org'",
  'class A { private x = 1; constructor(x: number) {} }',
])('A text that Node can strip is not suspicious: %j', (source) => {
  expect(isSuspicious(source)).toBe(false)
})

/** Each of these takes minutes where the time grows with the square of the length. */
test.each([
  ['constructors that are never closed', `private ${'constructor( '.repeat(80_000)}`],
  ['spaces', ' '.repeat(1_000_000)],
  ['spaces after import', `import${' '.repeat(1_000_000)}`],
])('A text of 1 MB of %s is looked at without going back over it', (_kind, source) => {
  expect(isSuspicious(source)).toBe(source.startsWith('private'))
})
