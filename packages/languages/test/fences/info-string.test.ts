import { describe, expect, test } from 'vitest'
import { readInfo } from '../../src/detection.ts'

describe('The info string of a fence', () => {
  test.each([
    ...([
      'python',
      'py',
      'Python',
      'Python 3',
      'python3',
      'python3.12',
      'PYTHON',
      '{.python}',
      '{.python .numberLines}',
    ] as const),
    ...([
      '{python}',
      'python title="main.py"',
      'python:main.py',
      'python,ignore',
      'python {1,3}',
      'main.py',
      'src/app.py',
    ] as const),
    ...(['language-python', 'lang-py', 'ipython', 'ipython3', 'IPython', 'jupyter', 'python2'] as const),
  ])('%s names Python', (info) => {
    expect(readInfo(info)).toEqual({ type: 'program', language: 'python' })
  })

  test.each([
    ['js title="x"', 'javascript'],
    ['JavaScript (Node)', 'javascript'],
    ['node', 'javascript'],
    ['ts', 'typescript'],
    ['typescript', 'typescript'],
    ['sh', 'bash'],
    ['Bash', 'bash'],
    ['shell', 'bash'],
    ['setup.sh', 'bash'],
    ['zsh', 'bash'],
    ['ksh', 'bash'],
    ['es6', 'javascript'],
    ['ecmascript', 'javascript'],
    ['jsx', 'javascript'],
    ['javascriptreact', 'javascript'],
    ['App.jsx', 'javascript'],
    ['tsx', 'typescript'],
    ['typescriptreact', 'typescript'],
    ['App.tsx', 'typescript'],
    ['deno', 'typescript'],
  ])('%s names %s', (info, language) => {
    expect(readInfo(info)).toEqual({ type: 'program', language })
  })

  test.each([
    ...['', 'text', 'plaintext', 'TXT', 'code', 'output', 'title="x"', '{1,3}', '{#id .}'],
    ...[
      'log',
      'prose',
      'example',
      'run-python',
      'python-exec',
      'python-code',
      'commandline',
      'unix',
      'constructor',
      'main.xyz',
      '.',
    ],
  ])('%j names none', (info) => {
    expect(readInfo(info)).toEqual({ type: 'nothing' })
  })

  test.each([
    ['java', 'Java'],
    ['Java', 'Java'],
    ['c++', 'C++'],
    ['c#', 'C#'],
    ['go', 'Go'],
    ['rust,ignore', 'Rust'],
    ['{r}', 'R'],
    ['json', 'JSON'],
    ['diff', 'a diff'],
    ['bat', 'a batch file for Windows'],
    ['tex', 'TeX'],
    ['svg', 'XML'],
    ['yml', 'YAML'],
    ['brainfuck', 'Brainfuck'],
    ['nim', 'Nim'],
    ['CoffeeScript', 'CoffeeScript'],
    ['vue', 'Vue'],
    ['proto', 'Protocol Buffers'],
    ['main.rb', 'Ruby'],
    ['src/main.rs', 'Rust'],
    ['package.json', 'JSON'],
    ['docker-compose.yml', 'YAML'],
  ])('%s names %s, which is not in the catalogue', (info, name) => {
    expect(readInfo(info)).toEqual({ type: 'other', name })
  })

  test.each([
    ['md', 'markdown'],
    ['Markdown', 'markdown'],
    ['html', 'html'],
    ['index.html', 'html'],
    ['console', 'session'],
    ['session', 'session'],
    ['shell-session', 'session'],
    ['pycon', 'session'],
  ])('%s is %s', (info, type) => {
    expect(readInfo(info)).toEqual({ type })
  })
})
