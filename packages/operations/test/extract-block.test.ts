import { createSubmissionSchema, LIMITS, RequestError, type SubmissionRequest } from '@runnel/contract/public'
import { findLanguage, LANGUAGES } from '@runnel/languages'
import { describe, expect, test } from 'vitest'
import { resolveProgram } from '../src/jobs/resolve-program.ts'

const resolve = (request: SubmissionRequest, languages = LANGUAGES) =>
  resolveProgram(createSubmissionSchema(LIMITS).parse(request), languages)

const fenced = (info: string, code = 'print(1)\n') =>
  `Here's your program:\n\n\`\`\`${info}\n${code}\`\`\`\n\nThat's it.\n`

const LANGUAGES_HERE =
  'The languages here are python (py, python3, py3), javascript (js, node, nodejs, mjs, cjs, jsx), typescript (ts, mts, cts, tsx), bash (sh, shell, shellscript)'

const NO_BLOCK = `Cannot find a code block in this text. Send the code alone, or between lines of \`\`\`. If the whole text is a program, send \`language\`. ${LANGUAGES_HERE}`

/** How a submission is refused. */
const refusalOf = (request: SubmissionRequest, languages = LANGUAGES): [string, string] => {
  try {
    return ['none', JSON.stringify(resolve(request, languages))]
  } catch (error) {
    if (error instanceof RequestError) return [error.code, error.message]
    throw error
  }
}

describe('A chat answer runs', () => {
  test('as its block, in the language of the fence', () => {
    const { program, extracted } = resolve({ code: fenced('js', 'console.log(1)\n\nconsole.log(2)\n'), args: ['a'] })
    expect(program).toMatchObject({
      language: 'javascript',
      entry: 'main.js',
      files: [{ path: 'main.js', content: 'console.log(1)\n\nconsole.log(2)\n', encoding: 'utf8' }],
      args: ['a'],
    })
    expect(extracted).toEqual({ firstLine: 4, lastLine: 6 })
  })

  test.each([
    ['py', undefined, 'python'],
    ['py', 'auto', 'python'],
    ['Python 3', 'py3', 'python'],
    ['', 'python', 'python'],
    ['text', 'python', 'python'],
    ['js', 'typescript', 'typescript'],
    ['ts', 'ts', 'typescript'],
    ['sh', 'bash', 'bash'],
    ['main.mjs', undefined, 'javascript'],
    ['ipython', undefined, 'python'],
    ['ipython', 'python', 'python'],
    ['example', 'python', 'python'],
    ['python-exec', 'python', 'python'],
    ['zsh', 'bash', 'bash'],
    ['es6', 'js', 'javascript'],
    ['jsx', undefined, 'javascript'],
    ['jsx', 'typescript', 'typescript'],
    ['typescriptreact', undefined, 'typescript'],
  ])('from a fence %j, with the language %s, as %s', (info, language, id) => {
    const { program, extracted } = resolve({
      code: fenced(info, 'x\n'),
      ...(language === undefined ? {} : { language }),
    })
    expect([program.language, program.files[0]?.content]).toEqual([id, 'x\n'])
    expect(extracted).toEqual({ firstLine: 4, lastLine: 4 })
  })

  test.each([
    ['jsx', undefined, 'main.jsx'],
    ['js', undefined, 'main.jsx'],
    ['jsx', 'javascript', 'main.jsx'],
    ['jsx', 'typescript', 'main.ts'],
    ['tsx', undefined, 'main.ts'],
    ['ts', undefined, 'main.ts'],
  ])('with JSX from a fence %j, with the language %s, as %s', (info, language, entry) => {
    const code = fenced(info, 'export const App = () => <p>hi</p>\n')
    expect(resolve({ code, ...(language === undefined ? {} : { language }) }).program.entry).toBe(entry)
  })

  test('in the language of its content, if the fence names none', () => {
    for (const info of ['', 'text', 'title="x"', 'example', 'run-it']) {
      expect(resolve({ code: fenced(info, 'import os\nprint(os.name)\n') }).program.language).toBe('python')
      expect(resolve({ code: fenced(info, 'console.log(process.argv)\n') }).program.language).toBe('javascript')
    }
    expect(refusalOf({ code: fenced('', 'x\n') })).toEqual([
      'unknown-language',
      `Cannot tell the language of line 4: send \`language\`, or write it after the opening fence. ${LANGUAGES_HERE}`,
    ])
    expect(refusalOf({ code: fenced('example one', 'x\n') })).toEqual([
      'unknown-language',
      `Cannot tell the language of line 4: its fence says "example one", which names no language. Send \`language\`, or write it after the opening fence. ${LANGUAGES_HERE}`,
    ])
  })

  test('with CRLF, also as a shell script', () => {
    const code = fenced('bash', 'if true; then\n  echo yes\nfi\n').replaceAll('\n', '\r\n')
    expect(resolve({ code })).toMatchObject({
      program: { language: 'bash', files: [{ content: 'if true; then\n  echo yes\nfi\n' }] },
      extracted: { firstLine: 4, lastLine: 6 },
    })
  })
})

describe('A chat answer is refused', () => {
  test('if it has several blocks: they are named, with their lines', () => {
    const code = `${fenced('python')}Then:\n~~~\na\nb\n~~~\nor\n\`\`\`java\nclass A {}\n\`\`\`\nor\n\`\`\`html\n<p>\n\`\`\`\n`
    for (const language of ['python', undefined]) {
      expect(refusalOf({ code, ...(language === undefined ? {} : { language }) })).toEqual([
        'invalid-request',
        'Cannot choose between 4 code blocks: Python (line 4), no language (lines 10 to 11), Java (line 15), html (line 19). Send one of them alone',
      ])
    }
    const many = fenced('py').repeat(1_000)
    const first = Array.from({ length: 8 }, (_, at) => `Python (line ${4 + 7 * at})`).join(', ')
    expect(refusalOf({ code: many })).toEqual([
      'invalid-request',
      `Cannot choose between 1000 code blocks: ${first} and 992 more. Send one of them alone`,
    ])
  })

  test.each([
    ['java', 'Java, which this deployment does not run'],
    ['c++', 'C++, which this deployment does not run'],
    ['brainfuck', 'Brainfuck, which this deployment does not run'],
    ['markdown', 'Markdown, which this deployment does not run'],
    ['html', 'HTML, which this deployment does not run'],
    ['console', 'what a terminal shows: send its commands alone, without prompts and output'],
  ])('if its fence says %s', (info, what) => {
    expect(refusalOf({ code: fenced(info) })).toEqual([
      'unknown-language',
      `Cannot run line 4. The block is ${what}. ${LANGUAGES_HERE}`,
    ])
  })

  test('if this deployment does not run the language of its fence', () => {
    const onlyBash = [findLanguage('bash')].filter((language) => language !== undefined)
    expect(refusalOf({ code: fenced('py') }, onlyBash)).toEqual([
      'unknown-language',
      'Cannot run line 4. The block is Python, which this deployment does not run. The languages here are bash (sh, shell, shellscript)',
    ])
  })

  test.each([
    ['js', 'python', 'JavaScript. Send `"language": "javascript"`, or leave `language` out'],
    ['tsx', 'javascript', 'TypeScript. Send `"language": "typescript"`, or leave `language` out'],
    ['go', 'python', 'Go, which this deployment does not run. If it is python, send the code without its fence'],
    ['md', 'bash', 'Markdown, which this deployment does not run. If it is bash, send the code without its fence'],
  ])('if its fence says %s and the submission %s', (info, language, what) => {
    expect(refusalOf({ code: fenced(info), language })).toEqual([
      'invalid-request',
      `Cannot run line 4 as ${language}. Its fence says ${what}`,
    ])
  })

  test.each([
    ['bash', '$ ls\nmain.py\n', 'lines 4 to 5'],
    ['sh', '# Install it:\n\n$ npm install\n', 'lines 4 to 6'],
    ['bash', 'user@host:~/project$ ls\n', 'line 4'],
    ['shell', '(venv) $ ls\n', 'line 4'],
    ['python', '>>> print(1)\n1\n', 'lines 4 to 5'],
    ['py', '\nIn [1]: print(1)\n1\n', 'lines 4 to 6'],
  ])('if its fence says %s and it is what a terminal shows: %j', (info, shown, lines) => {
    const refusal = [
      'unknown-language',
      `Cannot run ${lines}. The block is what a terminal shows: send its commands alone, without prompts and output. ${LANGUAGES_HERE}`,
    ]
    expect(refusalOf({ code: fenced(info, shown) })).toEqual(refusal)
    expect(refusalOf({ code: fenced(info, shown), language: info })).toEqual(refusal)
    if (info === 'py') return
    expect(refusalOf({ code: fenced('', shown), language: info })).toEqual(refusal)
  })

  test.each(['$ = 1\n$ += 1\n', '$  .x()\n'])('but not JavaScript that uses the name $: %j', (code) => {
    expect(resolve({ code: fenced('js', code) }).program.files[0]?.content).toBe(code)
  })
})

describe('A text without a block is refused with what to send', () => {
  test.each([
    '`print(1)`',
    '```console.log(1)```',
    '```python print(1)```',
    '```python print(1)```\n',
    '  `console.log(1)`',
    '`ls` shows the files.',
    '```python\n```\n',
  ])('if it starts with a backtick: %j', (code) => {
    for (const language of [{}, { language: 'auto' }]) {
      expect(refusalOf({ code, ...language })).toEqual(['unknown-language', NO_BLOCK])
    }
  })

  test.each([
    'Code: ```python\nprint(1)\n```\n',
    'Here is a program for you.\n\n    ```python\n    print(1)\n    ```\n\nIt prints a number.\n',
    'You can run ```python print(1)``` to see a number.\n',
    '\u200b```python\nprint(1)\n```\n',
  ])('if its fences open no block: %j', (code) => {
    expect(refusalOf({ code })).toEqual(['unknown-language', NO_BLOCK])
  })

  test('but a template literal at the start runs if its language is given', () => {
    const code = '`a`.length\n'
    expect(resolve({ code, language: 'javascript' }).program.files[0]?.content).toBe(code)
    expect(resolve({ files: [{ path: 'main.js', content: code }] }).program.language).toBe('javascript')
  })
})

describe('A text is run as it stands', () => {
  test.each([
    ['print("no fence")', 'python'],
    ['text = """\n```js\nx\n```\n"""\nprint(text)\n', 'python'],
    ['x = 1\n```\n', 'python'],
  ])('%j', (code, language) => {
    const { program, extracted } = resolve({ code, language })
    expect([program.files[0]?.content, extracted]).toEqual([code, undefined])
  })

  test('in files, which keep what was sent', () => {
    const content = fenced('python')
    expect(resolve({ files: [{ path: 'main.py', content }] })).toMatchObject({ program: { files: [{ content }] } })
    expect(resolve({ files: [{ path: 'main.py', content }] })).not.toHaveProperty('extracted')
  })
})
