import { describe, expect, test } from 'vitest'
import { findBlocksToRun } from '../../src/detection.ts'
import { LANGUAGES, type LanguageId } from '../../src/index.ts'
import { readCorpus } from './read-corpus.ts'

const programs = readCorpus('programs.txt').map(({ head, ...rest }) => ({ language: head as LanguageId, ...rest }))
/** Each head has the lines of the block, the word at its fence, and its language. */
const answers = readCorpus('answers.txt').map(({ head, ...rest }) => {
  const [first = '', last = '', info = '', language = ''] = head.split(/[- ]/)
  return {
    firstLine: Number(first),
    lastLine: Number(last),
    info: info === 'nothing' ? '' : info,
    language: language as LanguageId,
    ...rest,
  }
})

describe('A program with a fenced block in it is run whole', () => {
  test('in every language', () => {
    expect(new Set(programs.map(({ language }) => language))).toEqual(new Set(LANGUAGES.map(({ id }) => id)))
  })

  describe.each(programs)('$language: $title', ({ language, text }) => {
    test.each([
      ['as it is', (one: string) => one],
      ['with CRLF', (one: string) => one.replaceAll('\n', '\r\n')],
      ['without the last line end', (one: string) => one.trimEnd()],
    ])('%s, with its language or without', (_, change) => {
      expect(findBlocksToRun(change(text), language)).toEqual([])
      expect(findBlocksToRun(change(text), undefined)).toEqual([])
    })

    test('also with a syntax error below it', () => {
      const broken = `${text}\n)(\n`
      expect(findBlocksToRun(broken, language)).toEqual([])
    })
  })
})

describe('The block of a chat answer is found', () => {
  test('in every language', () => {
    expect(new Set(answers.map(({ language }) => language))).toEqual(new Set(LANGUAGES.map(({ id }) => id)))
  })

  describe.each(answers)('$title', ({ text, firstLine, lastLine, info, language }) => {
    test.each([
      ['as it is', (one: string) => one],
      ['with CRLF', (one: string) => one.replaceAll('\n', '\r\n')],
      ['with a byte order mark', (one: string) => `\uFEFF${one}`],
    ])('%s, with the lines of its code', (_, change) => {
      const blocks = findBlocksToRun(change(text), undefined)
      expect(blocks).toMatchObject([{ firstLine, lastLine, info }])
      const indentation = /^[ >]*/.exec(text.split('\n')[firstLine - 1] ?? '')?.[0] ?? ''
      const lines = text.split('\n').slice(firstLine - 1, lastLine)
      expect(blocks[0]?.content.trimEnd()).toBe(
        lines
          .map((line) => line.slice(indentation.length))
          .join('\n')
          .trimEnd(),
      )
    })

    test('also if its language is given', () => {
      expect(findBlocksToRun(text, language)).toMatchObject([{ firstLine, lastLine, info }])
    })
  })

  test('for every block of an answer that has several, in order', () => {
    const text = 'One:\n```js\na()\n```\ntwo:\n~~~py\nb()\n\nc()\n~~~\n- three\n  ```\n  d\n  ```\n'
    expect(findBlocksToRun(text, undefined)).toMatchObject([
      { info: 'js', content: 'a()\n', firstLine: 3, lastLine: 3 },
      { info: 'py', content: 'b()\n\nc()\n', firstLine: 7, lastLine: 9 },
      { info: '', content: 'd\n', firstLine: 13, lastLine: 13 },
    ])
  })
})

test('A block with fences in its strings ends where its program ends, and the blocks after it count', () => {
  const readme = 'x = """\n```sh\nls\n```\n"""\nprint(x)\n'
  expect(
    findBlocksToRun(`Sure:\n\`\`\`py\n${readme}\`\`\`\nIt's run by:\n\`\`\`sh\npython3 x.py\n\`\`\`\n`, undefined),
  ).toEqual([
    { info: 'py', content: readme, firstLine: 3, lastLine: 8, fence: '```' },
    { info: 'sh', content: 'python3 x.py\n', firstLine: 12, lastLine: 12, fence: '```' },
  ])
  // This one has a string that its own prose closes.
  const unclosed = 'Sure:\n```py\nx = """\n```\nUse """ for strings:\n```py\ny\n```\n'
  expect(findBlocksToRun(unclosed, undefined)).toMatchObject([
    { firstLine: 3, lastLine: 3 },
    { firstLine: 7, lastLine: 7 },
  ])
})

describe('A program with a fenced block in it, as the block of a chat answer, is found whole', () => {
  const before = "Sure! Let's do it. The \"best\" way isn't `eval()`:\n\n# Code\n\n- it's one\n\n"
  const after = "\n1. That's all, isn't it?\n2. Don't forget: `quotes`.\n"

  test.each(programs)('$language: $title', ({ language, text }) => {
    for (const fence of ['```', '````']) {
      const answer = `${before}${fence}${language}\n${text}${fence}\n${after}`
      const block = { info: language, content: text, firstLine: 8, lastLine: 6 + text.split('\n').length }
      expect(findBlocksToRun(answer, language)).toMatchObject([block])
      expect(findBlocksToRun(answer, undefined)).toMatchObject([block])
    }
  })
})

describe('There is no block to run', () => {
  test.each([
    ['in a program without fences', 'print(1)\n'],
    ['in backticks that are no fence', 'Use ```x``` here.\n``\nx\n``\n'],
    ['in a fence that is indented like code', 'Text:\n\n    ```python\n    print(1)\n    ```\n'],
    ['in a fence without code', 'Text\n```python\n\n```\n'],
    ['in one that is not closed and has no code', 'print(1)\n```\n'],
    ['in an info string with a backtick', '``` a`b\nx\n'],
    ['in an HTML comment', '<!--\n```python\nprint(1)\n```\n-->\n'],
    [
      'in a program of another language, in a string that only it knows',
      '-- Makes a page.\nlocal page = [[\n```sh\nls\n```\n]]\nlocal function show(text)\n  print(text)\nend\nshow(page)\n',
    ],
    [
      'in a program of another language, in a comment that only it knows',
      '{-\n```sh\nls\n```\n-}\nmodule Main where\n\nmain :: IO ()\nmain = do\n  let x = map (+ 1) [1, 2, 3]\n  putStrLn (show x)\n',
    ],
    [
      'in a program of PHP, in a here-document',
      '<?php\n$page = <<<MD\n```js\nshow()\n```\nMD;\nfunction render($page) {\n  echo $page;\n}\nrender($page);\n',
    ],
    [
      'in a program of PowerShell, in a comment',
      '<#\n```sh\nls\n```\n#>\nparam([string]$Name)\nWrite-Host "Hi $Name"\nGet-ChildItem | Where-Object { $_.Length -gt 1 }\n',
    ],
    [
      'in a program of Julia, in a comment',
      '#=\n```python\nf(1)\n```\n=#\nusing LinearAlgebra\nfunction f(x::Int64)\n  println("$x")\nend\nfor i in 1:3\n  f(i)\nend\n',
    ],
    [
      'in a program of Perl, in its documentation',
      'use strict;\nuse warnings;\n\n=pod\n\n```sh\nls\n```\n\n=cut\n\nmy $x = 1;\nprint "$x\\n";\n',
    ],
    [
      'in a program of OCaml, in a comment',
      '(** Adds.\n\n```sh\nls\n```\n*)\nlet add a b = a + b\nlet () = Printf.printf "%d\\n" (add 1 2)\n',
    ],
    [
      'in a program of another language, in a comment of documentation',
      '=begin\n\n```sh\nls\n```\n\n=end\nclass Greeter\n  def greet(name)\n    puts "Hello, #{name}"\n  end\nend\n',
    ],
    ['in a page', '<!doctype html>\n<p>\n\n```js\nalert(1)\n```\n'],
    ['in a page without a doctype', '<html><body>\n\n```js\nalert(1)\n```\n\n</body></html>\n'],
    ['in a document of XML', '<?xml version="1.0"?>\n<doc>\n\n```js\nalert(1)\n```\n\n</doc>\n'],
    ['in a part of a page, if the fence names no language', '<div>\n\n```\nalert(1)\n```\n\n</div>\n'],
    ['in an HTML comment with empty lines', 'Text.\n\n<!-- Old:\n\n```python\nprint(1)\n```\n\n-->\n'],
    ['in a text that is longer than a chat answer', `${'Words. '.repeat(10_000)}\n\`\`\`python\nprint(1)\n\`\`\`\n`],
  ])('%s', (_, text) => {
    expect(findBlocksToRun(text, undefined)).toEqual([])
  })

  test('in a template that its own fence closes, which is a syntax error', () => {
    const text = 'const readme = `\n# Title\n\n```js\nconsole.log(1)\n```\n`\nconsole.log(readme)\n'
    expect(findBlocksToRun(text, 'javascript')).toEqual([])
  })
})

test('Text that is made to be slow to search is searched quickly', { timeout: 60_000 }, () => {
  const pieces = ['> ', '```\n', 'a\n=\n', "a'\n", '<<A\n', '(/a', '"\\\n']
  for (const piece of pieces) {
    for (const head of ['```js\nx\n```\n', `${'> '.repeat(100)}a\n`]) {
      const tail = '\n```js\nx\n'
      const text = `${head}${piece.repeat(64 * 1024)}`.slice(0, 64 * 1024 - tail.length) + tail
      for (const language of [undefined, 'typescript'] as const) {
        const before = process.cpuUsage()
        findBlocksToRun(text, language)
        // Of a processor, because other tests run beside this one. The slowest takes a tenth of it.
        expect(process.cpuUsage(before).user / 1_000, JSON.stringify([head, piece, language])).toBeLessThan(1_000)
      }
    }
  }
})
