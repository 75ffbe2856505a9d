import { afterAll, describe, expect, it } from 'vitest'
import { createTestSandboxes } from './docker-fixture.ts'
import { run } from './run.ts'

const LINES = 30
const EACH_LINE = Array.from({ length: LINES }, (_, line) => `line ${line}\n`)
const BIG = `${'x'.repeat(199_999)}\n`

interface Speaker {
  readonly start: string
  /** A statement that prints this on standard output (1) or standard error (2). */
  readonly print: (stream: 1 | 2, text: string) => string
  readonly pause: string
  /** 199,999 characters. */
  readonly big: string
}

/** How each language is written. */
const SPEAKERS: readonly (readonly [language: string, Speaker])[] = [
  [
    'python',
    {
      start: 'import sys, time',
      print: (stream, text) => `print(${text}, file=sys.${stream === 1 ? 'stdout' : 'stderr'})`,
      pause: 'time.sleep(0.001)',
      big: '"x" * 199_999',
    },
  ],
  [
    'javascript',
    {
      start: 'const clock = new Int32Array(new SharedArrayBuffer(4))',
      print: (stream, text) => `console.${stream === 1 ? 'log' : 'error'}(${text})`,
      pause: 'Atomics.wait(clock, 0, 0, 1)',
      big: '"x".repeat(199_999)',
    },
  ],
  [
    'bash',
    {
      start: '',
      print: (stream, text) => `echo ${text} >&${stream}`,
      pause: 'sleep 0.001',
      big: `"$(head -c 199999 /dev/zero | tr '\\0' x)"`,
    },
  ],
]

describe.each(SPEAKERS)('What a %s program prints on both streams', (language, { start, print, pause, big }) => {
  const sandboxes = createTestSandboxes()
  afterAll(() => sandboxes[Symbol.asyncDispose]())

  /** Everything that was printed, as it came. */
  const printed = async (statements: readonly string[]): Promise<string> => {
    const pieces: Buffer[] = []
    const source = [start, ...statements].join('\n')
    const onOutput = (bytes: Buffer) => void pieces.push(bytes)
    const { outcome } = await run(sandboxes, { language, source, tenantId: 'acme', onOutput })
    expect(outcome).toEqual({ type: 'exited', exitCode: 0 })
    return Buffer.concat(pieces).toString()
  }

  // The order shows only if the agent reads before the program's next line but one. When other tests have all processors, it
  // may wait longer than those two milliseconds.
  it.each([1, 2] as const)(
    'comes in exact order if it pauses for a millisecond, first on %i',
    { retry: 5 },
    async (first) => {
      const other = first === 1 ? 2 : 1
      const statements = EACH_LINE.flatMap((line, at) => [
        print(at % 2 === 0 ? first : other, `"${line.trimEnd()}"`),
        pause,
      ])
      expect(await printed(statements)).toBe(EACH_LINE.join(''))
    },
  )

  it.each([1, 2] as const)(
    'comes in exact order if it prints once on each without a pause, first on %i',
    async (first) => {
      const other = first === 1 ? 2 : 1
      expect(await printed([print(first, '"first"'), print(other, '"second"')])).toBe('first\nsecond\n')
    },
  )

  it.each([1, 2] as const)(
    'comes in exact order if it prints much on %i and then a line on the other',
    async (first) => {
      const other = first === 1 ? 2 : 1
      expect(await printed([print(first, big), print(other, '"done"')])).toBe(`${BIG}done\n`)
    },
  )

  it.each([1, 2] as const)(
    'comes in exact order if it prints a line on %i and then much on the other',
    async (first) => {
      const other = first === 1 ? 2 : 1
      expect(await printed([print(first, '"start"'), print(other, big)])).toBe(`start\n${BIG}`)
    },
  )
})
