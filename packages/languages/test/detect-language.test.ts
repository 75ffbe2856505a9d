import { describe, expect, test } from 'vitest'
import { detectLanguage } from '../src/detection.ts'
import { answer, CHANGES, corpus, expected, heldOut, last, measured, runs } from './detection-corpus.ts'

const rate = (part: number, whole: number): number => Math.round((1000 * part) / whole) / 10

describe('The corpus', () => {
  test('has more than 1800 texts, and no two with the same title', () => {
    expect(corpus.length).toBeGreaterThanOrEqual(1800)
    expect(new Set(corpus.map(({ language, title }) => `${language}: ${title}`)).size).toBe(corpus.length)
  })

  test.each([
    ['of all texts, 98 percent of the programs are right and 2 percent of the rest run', corpus, 98, 2],
    // 110 texts: one of them is a percent.
    ['of the measured texts, 97 percent and 4 percent', measured, 97, 4],
    ['of the held-out texts, 98 percent and 2 percent', heldOut, 98, 2],
    // 146 texts.
    ['of the last texts, 95 percent and 2 percent', last, 95, 2],
  ] as const)('%s', (_, texts, leastRight, mostRun) => {
    const programs = texts.filter(({ language }) => runs(language))
    const rest = texts.filter(({ language }) => !runs(language))
    const right = programs.filter(({ language, content }) => answer(content) === language)
    const run = rest.filter(({ content }) => runs(answer(content)))
    expect(rate(right.length, programs.length)).toBeGreaterThanOrEqual(leastRight)
    expect(rate(run.length, rest.length)).toBeLessThanOrEqual(mostRun)
  })
})

describe('A text without a language is', () => {
  test.each(corpus.map((text) => ({ ...text, expected: expected(text) ?? 'nothing that runs' })))(
    '$expected: $language, $title',
    (text) => {
      expect(answer(text.content)).toBe(expected(text))
    },
  )
})

describe('The same language is detected', () => {
  // A quarter of the texts with each change here, all of them in detect-language.slow.test.ts.
  test.each(CHANGES.map(([what, change], at) => ({ what, change, at })))('$what', ({ change, at }) => {
    const texts = corpus.filter((_, index) => index % CHANGES.length === at)
    for (const text of texts) expect(answer(change(text.content)), text.title).toBe(expected(text))
  })
})

describe('A language that does not run is named', () => {
  test.each([
    ['java', 'public class A {\n  public static void main(String[] args) { System.out.println(1); }\n}'],
    ['c', '#include <stdio.h>\nint main(void) { printf("hi"); return 0; }'],
    ['go', 'package main\n\nimport "fmt"\n\nfunc main() {\n\tfmt.Println("hi")\n}'],
    ['rust', 'fn main() {\n    println!("hi");\n}'],
    ['swift', 'func f(name: String) -> String {\n    return "Hello, \\(name)!"\n}'],
    ['lua', 'local function f(n)\n  return n\nend\nprint(f(1))'],
    ['r', 'x <- c(1, 2, 3)\nmean(x)'],
    ['ruby', 'class Dog\n  attr_reader :name\n  def bark\n    puts "#{@name}"\n  end\nend'],
    ['elixir', '[1, 2, 3]\n|> Enum.map(fn x -> x * 2 end)\n|> IO.inspect()'],
    ['sql', 'SELECT name FROM users WHERE age > 3;'],
    ['yaml', 'services:\n  web:\n    image: nginx\n    ports:\n      - "80:80"'],
    ['json', '{"a": 1}'],
    ['session', '>>> print(1)\n1'],
    ['session', '$ ls\nmain.py'],
    ['session', '# Show them:\n\n(venv) $ ls\nmain.py'],
    ['prose', 'Please write a program that sorts a list.'],
  ])('%s', (language, content) => {
    expect(detectLanguage({ content })).toBe(language)
  })

  test('rightly in most of the corpus', () => {
    const named = corpus.filter(({ language }) => !runs(language) && language !== 'nothing')
    const right = named.filter(({ language, content }) => detectLanguage({ content }) === language)
    expect(rate(right.length, named.length)).toBeGreaterThanOrEqual(70)
  })
})

test('The file extension of the entry decides before the content does', () => {
  expect(detectLanguage({ entry: 'src/app.mts', content: '#!/bin/bash\nprint(1)' })).toBe('typescript')
  expect(detectLanguage({ entry: 'RUN.PY', content: 'console.log(1)' })).toBe('python')
  expect(detectLanguage({ entry: 'index.html', content: 'print(1)' })).toBe('html')
})

test('The content decides if the file extension belongs to no language', () => {
  expect(detectLanguage({ entry: 'notes.txt', content: 'print(1)' })).toBe('python')
  expect(detectLanguage({ entry: 'src.py/run', content: 'console.log(1)' })).toBe('javascript')
})

describe('Only the start of a long program is examined', () => {
  test.each([
    ['python', 'def f(x):\n    if x is None:\n        return "a"\n    return [y for y in x]\n\n'],
    ['javascript', 'function f(x) {\n  if (x === null) {\n    return `a`;\n  }\n  return x.map((y) => y + 1);\n}\n'],
    ['typescript', 'const f = (x: string | null): string => {\n  return x === null ? `a` : x;\n};\n'],
    ['bash', 'if [ -f "$1" ]; then\n  echo "found $1"\nfi\n'],
  ])('%s', (language, unit) => {
    for (const size of [7_000, 8_191, 8_192, 8_200, 20_000, 1_000_000]) {
      // Whole units, so that only detection cuts it.
      expect(detectLanguage({ content: unit.repeat(Math.ceil(size / unit.length)) }), `${size}`).toBe(language)
    }
  })

  test('that has a word in it', () => {
    expect(detectLanguage({ content: ' '.repeat(64 * 1024) })).toBeUndefined()
    expect(detectLanguage({ content: `${'\n'.repeat(64 * 1024)}print(1)` })).toBe('python')
    expect(detectLanguage({ content: `${' '.repeat(64 * 1024)}print(1)` })).toBeUndefined()
  })
})
