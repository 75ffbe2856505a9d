import { readFileSync } from 'node:fs'
import { detectLanguage } from '../src/detection.ts'
import { LANGUAGES } from '../src/index.ts'

interface Text {
  readonly language: string
  readonly title: string
  readonly content: string
}

const readTexts = (file: string): Text[] =>
  readFileSync(new URL(`corpus/${file}`, import.meta.url), 'utf8')
    .split(/^=== /m)
    .slice(1)
    .map((piece) => {
      const end = piece.indexOf('\n')
      const [language = '', title = ''] = piece.slice(0, end).split(': ', 2)
      return { language, title, content: piece.slice(end + 1) }
    })

/** The rules and the training were changed until these were right, as far as they are. */
const developed = ['programs.txt', 'others.txt'].flatMap(readTexts)
/** Written afterwards, and only measured. */
export const measured = readTexts('measured.txt')
/** Half of the texts of somebody who knew none of the others. Never trained with; the other half is in `developed`. */
export const heldOut = readTexts('held-out.txt')
/** Written when all else was done, and tried once before `reads-as-commands.ts` was added. Never trained with. */
export const last = readTexts('last.txt')
export const corpus = [...developed, ...measured, ...heldOut, ...last]

export const runs = (language: string | undefined): boolean => LANGUAGES.some(({ id }) => id === language)

/** The answers that are not what the corpus says, each with what is answered instead. Anything new here is a step back. */
const WRONG: Readonly<Record<string, string | undefined>> = {
  'bash: fork bomb': undefined,
  'bash: traps': undefined,
  'bash: case': undefined,
  'bash: sqlite': undefined,
  'javascript: unterminated template': undefined,
  'nothing: fish': 'bash',
  // Its quotes are no quotes of Python.
  'python: smart quotes': undefined,
  // Valid in Python.
  'nothing: an assignment that many languages have': 'python',
  'mathematics: a sum': 'python',
  // Valid in TypeScript.
  'nothing: zig, const': 'typescript',
  'nothing: svelte, comp': 'html',
  'nothing: vue, sfc': 'html',
}

export const expected = ({ language, title }: Text): string | undefined => {
  const key = `${language}: ${title}`
  if (Object.hasOwn(WRONG, key)) return WRONG[key]
  return runs(language) || language === 'html' ? language : undefined
}

/** What we do not run counts as one answer here; whether it is named rightly is a test of its own. */
export const answer = (content: string): string | undefined => {
  const detected = detectLanguage({ content })
  return runs(detected) || detected === 'html' ? detected : undefined
}

/** What an editor or a copy does to a text. It changes no language. */
export const CHANGES: readonly (readonly [what: string, change: (text: string) => string])[] = [
  ['with a byte order mark', (text) => `\uFEFF${text}`],
  ['with Windows line endings', (text) => text.replaceAll('\n', '\r\n')],
  ['without the last line ending', (text) => text.trimEnd()],
  ['with empty lines before it', (text) => (text.startsWith('#!') ? text : `\n\n${text}`)],
]
