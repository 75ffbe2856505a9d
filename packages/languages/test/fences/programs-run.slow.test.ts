import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { findLanguage } from '../../src/index.ts'
import { readCorpus } from './read-corpus.ts'

const INTERPRETERS: Readonly<Record<string, string>> = {
  python: 'python3',
  javascript: process.execPath,
  typescript: process.execPath,
  bash: 'bash',
}

// The corpus of blocks-to-run.test.ts, which changes seldom. Each program takes 0.2 s to start.
test.each(readCorpus('programs.txt'))(
  'The program with a fenced block, $head: $title, is one, because it runs',
  ({ head, text }) => {
    const folder = mkdtempSync(join(tmpdir(), 'runnel-fences-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const fileName = findLanguage(head)?.fileName ?? ''
    writeFileSync(join(folder, fileName), text)
    const { status, stderr } = spawnSync(INTERPRETERS[head] ?? '', [fileName], { cwd: folder, encoding: 'utf8' })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  },
)
