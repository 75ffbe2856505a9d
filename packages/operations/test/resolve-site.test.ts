import { createSubmissionSchema, LIMITS, RequestError, type SubmissionRequest } from '@runnel/contract/public'
import { HTML, LANGUAGES } from '@runnel/languages'
import { describe, expect, test } from 'vitest'
import { resolveProgram } from '../src/jobs/resolve-program.ts'

const resolve = (request: SubmissionRequest) =>
  resolveProgram(createSubmissionSchema(LIMITS).parse(request), [...LANGUAGES, HTML])

const refusalOf = (request: SubmissionRequest): string | undefined => {
  try {
    resolve(request)
    return undefined
  } catch (error) {
    if (error instanceof RequestError) return error.message
    throw error
  }
}

const fence = (info: string, code: string): string => `\`\`\`${info}\n${code}\n\`\`\`\n`
const PAGE = '<!doctype html><link rel="stylesheet" href="style.css"><script src="js/app.js"></script>'

describe('HTML is a site', () => {
  test.each([
    ['a document', { code: '<!doctype html>\n<title>a</title>' }, '<!doctype html>\n<title>a</title>'],
    ['a piece that the language is named for', { code: 'hello', language: 'HTM' }, 'hello'],
    ['the block of an answer', { code: `Here:\n\n${fence('html', '<p>hi</p>')}` }, '<p>hi</p>\n'],
    [
      'a block without a language',
      { code: `Here:\n\n${fence('', '<!doctype html><p>hi</p>')}` },
      '<!doctype html><p>hi</p>\n',
    ],
    ['an answer in tags', { code: `<p>Here:</p>\n\n${fence('html', '<p>hi</p>')}` }, '<p>hi</p>\n'],
  ])('%s', (_, request, content) => {
    expect(resolve(request).program).toMatchObject({
      language: 'html',
      entry: 'index.html',
      files: [{ path: 'index.html', content }],
    })
  })

  test('a document that shows code in fences is served whole, also if the language is named', () => {
    const code = `<!doctype html>\n<pre>\n${fence('python', 'print(1)')}</pre>`
    for (const language of [undefined, 'html'])
      expect(resolve({ code, ...(language === undefined ? {} : { language }) }).program.files[0]?.content).toBe(code)
  })

  test('has no arguments, input, variables and terminal', () => {
    const { program } = resolve({ code: PAGE, args: ['a'], env: { A: 'b' }, stdin: 'c', tty: true })
    expect(program).toMatchObject({ args: [], env: {}, stdin: '', interactive: false })
    expect(program.terminal).toBeUndefined()
  })

  test('files with index.html and a script that it loads', () => {
    const files = [
      { path: 'main.js', content: 'document.title = "a"' },
      { path: 'index.html', content: '<script src="main.js"></script>' },
    ]
    expect(resolve({ files }).program).toMatchObject({ language: 'html', entry: 'index.html' })
    const server = [
      { path: 'main.js', content: 'require("http")' },
      { path: 'index.html', content: '<p>' },
    ]
    expect(refusalOf({ files: server })).toMatch(/^Cannot tell which file to run/)
    expect(resolve({ files: server, entry: 'main.js' }).program).toMatchObject({ language: 'javascript' })
  })
})

describe('An answer with its page, styles and scripts in blocks of their own', () => {
  test('is one site: each block gets the name that the page has for it', () => {
    const code = `First:\n${fence('html', PAGE)}Then:\n${fence('css', 'p {}')}And:\n${fence('javascript', 'alert(1)')}`
    const { program, extracted } = resolve({ code })
    expect(program).toMatchObject({ language: 'html', entry: 'index.html' })
    expect(program.files.map(({ path, content }) => [path, content])).toEqual([
      ['index.html', `${PAGE}\n`],
      ['style.css', 'p {}\n'],
      ['js/app.js', 'alert(1)\n'],
    ])
    expect(extracted).toEqual({ firstLine: 3, lastLine: 3 })
  })

  test.each([
    [
      'a block more than the page names',
      [fence('html', PAGE), fence('css', 'p {}'), fence('js', '1'), fence('js', '2')],
    ],
    ['two pages', [fence('html', '<p>'), fence('html', '<p>')]],
    ['a block of another language', [fence('html', '<p>'), fence('python', 'print(1)')]],
    ['a name that leads out of the site', [fence('html', '<link href="../a.css">'), fence('css', 'p {}')]],
  ])('is refused with %s', (_, blocks) => {
    expect(refusalOf({ code: blocks.join('\nand\n') })).toMatch(/^Cannot choose between \d code blocks/)
  })
})
