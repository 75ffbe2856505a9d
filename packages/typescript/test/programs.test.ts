import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readPrograms, type WrittenProgram } from './read-programs.ts'

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

describe('A program as people write it prints what its author expects', () => {
  test.each(readPrograms().map((program) => [program.name, program] as const))('%s', (_name, program) => {
    const { exitCode, stdout, stderr } = run(program)
    const said = program.stderr === undefined ? stderr : stderr.includes(program.stderr) ? program.stderr : stderr
    const { stdout: expected, stderr: expectedError = '', exitCode: expectedCode } = program
    expect({ stdout, stderr: said, exitCode }).toEqual({
      stdout: expected,
      stderr: expectedError,
      exitCode: expectedCode,
    })
  })
})

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
})
