import { createSubmissionSchema, LIMITS, RequestError, type SubmissionRequest } from '@runnel/contract/public'
import { findLanguage, LANGUAGES } from '@runnel/languages'
import { describe, expect, test } from 'vitest'
import { resolveProgram } from '../src/jobs/resolve-program.ts'

const resolve = (request: SubmissionRequest, languages = LANGUAGES) =>
  resolveProgram(createSubmissionSchema(LIMITS).parse(request), languages).program

const LANGUAGES_HERE =
  'The languages here are python (py, python3, py3), javascript (js, node, nodejs, mjs, cjs, jsx), typescript (ts, mts, cts, tsx), bash (sh, shell, shellscript)'

const file = (path: string, content = 'x') => ({ path, content })

describe('A program', () => {
  test('given as code gets the file name of its language', () => {
    expect(resolve({ code: 'x', language: 'TS' })).toMatchObject({
      language: 'typescript',
      entry: 'main.ts',
      files: [{ path: 'main.ts' }],
    })
    expect(resolve({ code: 'echo hi' })).toMatchObject({ language: 'bash', entry: 'main.sh' })
  })

  test('with JSX gets an ending by which it is compiled', () => {
    const code = 'const A = () => <b>hi</b>'
    expect(resolve({ code })).toMatchObject({
      language: 'javascript',
      entry: 'main.jsx',
      files: [{ path: 'main.jsx' }],
    })
    expect(resolve({ code, language: 'ts' })).toMatchObject({ language: 'typescript', entry: 'main.ts' })
  })

  test('of one file runs that file', () => {
    expect(resolve({ files: [file('src/app.mjs')] })).toMatchObject({ language: 'javascript', entry: 'src/app.mjs' })
    expect(resolve({ files: [file('run', '#!/bin/sh\nx')] })).toMatchObject({ language: 'bash', entry: 'run' })
  })

  test('of several files runs its entry, or the file with the usual entry name', () => {
    const files = [file('lib/a.py'), file('main.py'), file('index.html')]
    expect(resolve({ files })).toMatchObject({ language: 'python', entry: 'main.py' })
    expect(resolve({ files, entry: 'lib/a.py' })).toMatchObject({ language: 'python', entry: 'lib/a.py' })
    const two = [file('main.py'), file('main.js')]
    const noEntry = (found: string) =>
      new RequestError(
        'invalid-request',
        `Cannot tell which file to run: send \`entry\`, as there are several files and ${found}`,
        { details: [{ path: 'entry', message: 'it is missing' }] },
      )
    expect(resolve({ files: two, language: 'js' })).toMatchObject({ language: 'javascript', entry: 'main.js' })
    expect(() => resolve({ files: two })).toThrow(
      noEntry('more than one of them is one of main.py, main.js, main.ts, main.sh'),
    )
    expect(() => resolve({ files: two, language: 'bash' })).toThrow(noEntry('none of them is main.sh'))
  })

  test('is detected by its content, also if that is base64', () => {
    const content = Buffer.from('console.log(1)').toString('base64')
    expect(resolve({ files: [{ path: 'program', content, encoding: 'base64' }] }).language).toBe('javascript')
  })

  test('runs in the language that it names, even if it looks like another one', () => {
    expect(resolve({ code: '<!DOCTYPE html>', language: 'python' }).language).toBe('python')
    expect(resolve({ files: [file('a.py')], language: 'node' })).toMatchObject({
      language: 'javascript',
      entry: 'a.py',
    })
  })

  test('has a terminal and open input if it asks for a terminal, unless it closes its input', () => {
    const code = 'print(1)'
    expect(resolve({ code })).toMatchObject({ interactive: false })
    expect(resolve({ code })).not.toHaveProperty('terminal')
    expect(resolve({ code, interactive: true })).toMatchObject({ interactive: true })
    expect(resolve({ code, tty: true })).toMatchObject({ interactive: true, terminal: { cols: 80, rows: 24 } })
    expect(resolve({ code, tty: true, rows: 50, interactive: false })).toMatchObject({
      interactive: false,
      terminal: { cols: 80, rows: 50 },
    })
  })

  test('in a language that this deployment does not run is refused, with the list of those it runs', () => {
    const onlyPython = [findLanguage('python')].filter((language) => language !== undefined)
    expect(() => resolve({ code: 'x', language: 'js' }, onlyPython)).toThrow(
      new RequestError(
        'unknown-language',
        'Cannot run the language "js". The languages here are python (py, python3, py3)',
      ),
    )
    expect(() => resolve({ code: 'console.log(1)' }, onlyPython)).toThrow(
      new RequestError(
        'unknown-language',
        'This looks like JavaScript, which this deployment does not run. If it is something else, send `language`. The languages here are python (py, python3, py3)',
      ),
    )
  })

  test.each([
    [
      'public class A { public static void main(String[] args) { System.out.println(1); } }',
      'Java, which this deployment does not run',
    ],
    ['x <- c(1, 2, 3)\nmean(x)', 'R, which this deployment does not run'],
    ['name: demo\non: push\njobs:\n  test:\n    runs-on: ubuntu-latest', 'YAML, which is not a program'],
    ['Please write a program that sorts a list.', 'text rather than code, which is not a program'],
  ])('in another language is refused with its name: %j', (code, what) => {
    expect(() => resolve({ code })).toThrow(
      new RequestError(
        'unknown-language',
        `This looks like ${what}. If it is something else, send \`language\`. ${LANGUAGES_HERE}`,
      ),
    )
  })

  test('that nothing tells is refused, and asks for the language', () => {
    expect(() => resolve({ code: 'x' })).toThrow(
      new RequestError(
        'unknown-language',
        `Cannot tell the language of this program: send \`language\`. ${LANGUAGES_HERE}`,
      ),
    )
  })
})
