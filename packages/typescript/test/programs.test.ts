import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readPrograms, type WrittenProgram } from './read-programs.ts'

const START = join(import.meta.dirname, '../src/start.cjs')

const run = ({ entry, files }: WrittenProgram) => {
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
