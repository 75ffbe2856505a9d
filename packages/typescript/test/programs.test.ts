import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { WrittenProgram } from './read-programs.ts'

const START = join(import.meta.dirname, '../src/start.cjs')

const run = ({ entry, files }: Pick<WrittenProgram, 'entry' | 'files'>) => {
  const folder = mkdtempSync(join(tmpdir(), 'runnel-typescript-'))
  try {
    for (const { path, text } of files) {
      mkdirSync(join(folder, dirname(path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    const env = { PATH: process.env['PATH'], NODE_OPTIONS: `--require=${START}` }
    const { status, stdout, stderr } = spawnSync(process.execPath, [entry], { cwd: folder, env, encoding: 'utf8' })
    return { exitCode: status, stdout, stderr }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

// Programs as people write them run in programs.docker.test.ts.

describe('A file that would take too much to compile is left to Node, which prints', () => {
  const runText = (text: string) => run({ entry: 'main.ts', files: [{ path: 'main.ts', text }] })

  test('what a file of 900 KB prints that has the word enum in a comment', () => {
    const lines = Array.from(
      { length: 15_000 },
      (_, index) => `export const value${index}: number[] = [${index}, 2, 3, 4, 5, 6]`,
    )
    const { stdout, exitCode } = runText(`// no enum\n${lines.join('\n')}\nconsole.log(value14999[0])`)
    expect({ stdout, exitCode }).toEqual({ stdout: '14999\n', exitCode: 0 })
  })

  test('its own error about brackets that are nested 100,000 deep', () => {
    const { stderr, exitCode } = runText(`enum A {}\n${'('.repeat(100_000)}1${')'.repeat(100_000)}`)
    const [error = ''] = stderr.match(/^Error.*$/m) ?? []
    expect({ error, exitCode }).toEqual({
      error: 'Error [ERR_INTERNAL_ASSERTION]: memory access out of bounds',
      exitCode: 1,
    })
  })

  test.each([
    ['x => ', 20_000, (nested: string) => `const f: any = ${nested}1`],
    ['(x: any) => ', 20_000, (nested: string) => `const f: any = ${nested}1`],
    ['keyof ', 30_000, (nested: string) => `type T = ${nested}string`],
    ['x => (- - - - - ', 5_000, (nested: string) => `const n = ${nested}1`],
    ['- ', 100_000, (nested: string) => `const n = ${nested}1`],
  ])('what Node prints where the file beside it has %j %i times', (piece, times, toText) => {
    const beside = { path: 'data/unused.ts', text: `enum A {}\n${toText(piece.repeat(times))}` }
    const main = {
      path: 'main.ts',
      text: "import { one } from './one.ts'\nconst two: number = one + 1\nconsole.log(two)",
    }
    const one = { path: 'one.ts', text: 'export const one: number = 1' }
    expect(run({ entry: 'main.ts', files: [main, one, beside] })).toEqual({ stdout: '2\n', stderr: '', exitCode: 0 })
  })
})

test('A long file without semicolons is not taken for a deep one', () => {
  const times = (count: number, toLine: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => toLine(index))
  const text = [
    'enum A { B }',
    `const parts = ${times(2_000, (index) => `'p${index}'`).join(' +\n')}`,
    `const sum = ${times(2_000, () => '-1').join(' +\n')}`,
    ...times(2_000, (index) => `const f${index} = (x: number) => !x`),
    ...times(2_000, (index) => `const v${index} = -1`),
    ...times(2_000, (index) => `f${index}(1)`),
    'console.log(parts.length, sum, A.B)',
  ].join('\n')
  expect(run({ entry: 'main.ts', files: [{ path: 'main.ts', text }] })).toEqual({
    stdout: '8890 -2000 0\n',
    stderr: '',
    exitCode: 0,
  })
})

describe('A trace has the lines of Node alone', () => {
  const toFiles = (text: string) => [
    { path: 'main.ts', text },
    { path: 'y.ts', text: 'export const y: = 3' },
  ]
  const runWith = (declaration: string, text: string) => {
    const { stderr } = run({ entry: 'main.ts', files: toFiles(`${text}\n${declaration}`) })
    const lines = stderr.replaceAll(/runnel-typescript-\w+/g, 'folder').split('\n')
    return {
      error: lines.filter((line) => /^\w*Error/.test(line)),
      trace: lines.filter((line) => /^\s+at /.test(line)),
    }
  }
  const withoutEnd = (line: string) => line.replace(/ \{$/, '')

  test.each([
    ['a package that is missing', "import lodash from 'lodash'\nconsole.log(lodash)"],
    ['a file that is missing', "import { x } from './x.ts'\nconsole.log(x)"],
    ['a file with a syntax error', "import { y } from './y.ts'\nconsole.log(y)"],
  ])('where a compiled program imports %s', (_what, text) => {
    const [compiled, alone] = [runWith('enum A {}', text), runWith('class A {}', text)]
    expect(compiled.error).toEqual(alone.error)
    expect(compiled.trace.length).toBeGreaterThan(1)
    expect(alone.trace.map(withoutEnd)).toEqual(expect.arrayContaining(compiled.trace.map(withoutEnd)))
  })

  test('and none of the compiler where a required file is missing', () => {
    const { stderr } = run({ entry: 'main.ts', files: toFiles("enum A {}\nconsole.log(require('./x'), A)") })
    expect(stderr).toContain("Cannot find module './x'")
    expect(stderr).not.toMatch(/^ +at .*(?:typescript\/src|customization_hooks)/m)
  })
})
