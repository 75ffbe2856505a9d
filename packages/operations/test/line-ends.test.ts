import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createSubmissionSchema, LIMITS, type SubmissionRequest, toBytes } from '@runnel/contract/public'
import { LANGUAGES } from '@runnel/languages'
import { describe, expect, onTestFinished, test } from 'vitest'
import { resolveProgram } from '../src/jobs/resolve-program.ts'

const resolve = (request: SubmissionRequest) =>
  resolveProgram(createSubmissionSchema(LIMITS).parse({ language: 'bash', ...request }), LANGUAGES).program

/** Runs the files of a job with the Bash of this machine, as a container would. */
const run = (request: SubmissionRequest) => {
  const { files, entry } = resolve(request)
  const folder = mkdtempSync(join(tmpdir(), 'runnel-line-ends-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const { path, content, encoding } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), toBytes({ encoding, data: content }))
  }
  const { status, stdout, stderr } = spawnSync('bash', [entry], { cwd: folder, encoding: 'latin1' })
  return { status, stdout, stderr }
}

const toCrlf = (text: string): string => text.replaceAll('\n', '\r\n')
const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64')

const SCRIPTS: readonly (readonly [title: string, lines: readonly string[], output: string])[] = [
  ['a command', ['echo one', 'echo two'], 'one\ntwo\n'],
  ['a `#!` line', ['#!/usr/bin/env bash', 'set -euo pipefail', 'echo on'], 'on\n'],
  ['if', ['if [ 1 -eq 1 ]; then', '  echo yes', 'elif false; then', '  :', 'else', '  echo no', 'fi'], 'yes\n'],
  ['for', ['for i in a b', 'do', '  echo "<$i>"', 'done'], '<a>\n<b>\n'],
  ['while read', ["printf '1\\n2\\n' | while read -r n; do", '  echo "$((n * 2))"', 'done'], '2\n4\n'],
  ['case', ['case abc in', '  a*)', '    echo starts', '    ;;', '  *) echo no ;;', 'esac'], 'starts\n'],
  ['a function', ['greet() {', '  local name=$1', '  echo "hi $name"', '}', 'greet you'], 'hi you\n'],
  ['a here-document', ['cat <<EOF', 'one', '  two', 'EOF', 'echo end'], 'one\n  two\nend\n'],
  ['a here-document with tabs', ["cat <<-'END'", '\tin', '\tEND', 'echo end'], 'in\nend\n'],
  ['a string of several lines', ["text='a", "b'", 'echo "$text"'], 'a\nb\n'],
  ['a command on several lines', ['echo a \\', '  b \\', '  c'], 'a b c\n'],
  ['an array', ['list=(', '  one', '  two', ')', 'echo "$list"'], 'one\n'],
  ['a pipe at the end of a line', ['echo b a |', "  tr ' ' '\\n' |", '  sort'], 'a\nb\n'],
  ['empty lines and comments', ['', '# why', '', 'echo x # because', ''], 'x\n'],
  ['a CR in an escape', ["printf 'a\\r\\nb' | od -An -c | tr -d ' \\n'"], 'a\\r\\nb'],
]

describe('A shell script with CRLF line ends runs', () => {
  test.each(SCRIPTS)('%s', (_, lines, output) => {
    const script = lines.join('\n')
    // The same as with LF, which shows that each script is right.
    expect(run({ code: script })).toEqual({ status: 0, stdout: output, stderr: '' })
    expect(run({ code: toCrlf(script) })).toEqual({ status: 0, stdout: output, stderr: '' })
    expect(run({ code: toCrlf(`${script}\n`) })).toEqual({ status: 0, stdout: output, stderr: '' })
  })

  test('with a byte order mark', () => {
    expect(run({ code: '\uFEFFecho on' })).toEqual({ status: 0, stdout: 'on\n', stderr: '' })
    expect(run({ code: toCrlf('\uFEFF#!/bin/bash\necho on\n') })).toEqual({ status: 0, stdout: 'on\n', stderr: '' })
  })

  test('sent as base64, with bytes that are not UTF-8', () => {
    const content = base64("\u00EF\u00BB\u00BFif true\r\nthen printf '\xFF'\r\nfi\r\n")
    expect(run({ files: [{ path: 'run', content, encoding: 'base64' }] })).toEqual({
      status: 0,
      stdout: '\u00FF',
      stderr: '',
    })
  })

  test('with the scripts that it sources', () => {
    const files = [
      { path: 'main.sh', content: toCrlf('. lib/words.sh\n. lib/more.BASH\nsay a\nshout b\n') },
      { path: 'lib/words.sh', content: toCrlf('say() {\n  echo "$1"\n}\n') },
      { path: 'lib/more.BASH', content: toCrlf('shout() {\n  echo "$1!"\n}\n') },
    ]
    expect(run({ files })).toEqual({ status: 0, stdout: 'a\nb!\n', stderr: '' })
  })
})

describe('Every byte stays as it was sent', () => {
  const contentsOf = (request: SubmissionRequest) => resolve(request).files.map(({ content }) => content)

  test('in a script with only some CRLF, where a CR may be meant', () => {
    const mixed = "cat <<EOF | od -An -c | tr -d ' \\n'\na\r\nb\nEOF\n"
    expect(contentsOf({ code: mixed })).toEqual([mixed])
    expect(run({ code: mixed })).toEqual({ status: 0, stdout: 'a\\r\\nb\\n', stderr: '' })
    for (const code of ['echo a\r\necho b\necho c\r\n', '\necho a\r\n', "printf 'a\rb'\r\necho\n"]) {
      expect(contentsOf({ code })).toEqual([code])
    }
  })

  test('in a CR without LF, also where CRLF is converted', () => {
    expect(contentsOf({ code: "printf 'a\rb\r\r\n'\r\n" })).toEqual(["printf 'a\rb\r\n'\n"])
    expect(contentsOf({ code: 'echo a\r' })).toEqual(['echo a\r'])
  })

  test('in files that are data', () => {
    const data = toCrlf('name,size\na,1\n')
    const files = [
      { path: 'main.sh', content: toCrlf("od -An -c data.csv | tr -d ' \\n'\n") },
      { path: 'data.csv', content: data },
      { path: 'sh', content: data },
      { path: 'page.sh.html', content: `\uFEFF${data}` },
      { path: 'bytes', content: base64(data), encoding: 'base64' as const },
    ]
    expect(contentsOf({ files }).slice(1)).toEqual(files.slice(1).map(({ content }) => content))
    expect(run({ files })).toEqual({ status: 0, stdout: 'name,size\\r\\na,1\\r\\n', stderr: '' })
  })

  test('in programs of other languages, which read CRLF', () => {
    for (const language of LANGUAGES.map(({ id }) => id).filter((id) => id !== 'bash')) {
      const files = ['main.py', 'main.js', 'main.ts', 'run.sh'].map((path) => ({ path, content: '\uFEFFa\r\n' }))
      expect(contentsOf({ language, files })).toEqual(files.map(({ content }) => content))
      expect(contentsOf({ language, code: 'a\r\nb\r\n' })).toEqual(['a\r\nb\r\n'])
    }
  })
})
