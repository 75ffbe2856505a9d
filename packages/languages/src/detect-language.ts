import { LANGUAGES, type LanguageId } from './catalogue.ts'
import { scoreContent } from './content-rules.ts'
import { readShebang } from './shebang.ts'

/** HTML can be told apart, but it is not a program: what to say about it is up to the caller. */
export type DetectedLanguage = LanguageId | 'html'

/** Enough to tell a language by, and a bound on the work that a request can cause. */
const EXAMINED_CHARACTERS = 64 * 1024

const byExtension = new Map<string, DetectedLanguage>([
  ['.html', 'html'],
  ['.htm', 'html'],
  ...LANGUAGES.flatMap(({ id, extensions }) => extensions.map((extension) => [extension, id] as const)),
])

/** The opening of a page: comments and an XML declaration may come before the first tag. */
const isMarkup = (text: string): boolean => {
  let rest = text.trimStart()
  for (const [opening, closing] of [
    ['<?xml', '?>'],
    ['<!--', '-->'],
    ['<!--', '-->'],
  ] as const) {
    const end = rest.startsWith(opening) ? rest.indexOf(closing) : -1
    if (end > 0) rest = rest.slice(end + closing.length).trimStart()
  }
  return /^<(?:!doctype html|(?:html|head|body|title|meta|link|style|script|template|div|span|main|section|header|footer|nav|article|h[1-6]|p|ul|ol|table|form|button|img|canvas|a)[\s>/])/i.test(
    rest,
  )
}

/** Data is no program, though every JSON text is also an expression of JavaScript and nearly one of Python. */
const isJson = (text: string): boolean => {
  if (!/^\s*[[{"\d]/.test(text)) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/**
 * The language of a program, by the first of these that knows: the ending of its file name, its `#!` line, its content.
 * Undefined where none does; guessing then would run a program as something it is not.
 */
export const detectLanguage = (program: { content: string; entry?: string }): DetectedLanguage | undefined => {
  const ending = /\.[^./]+$/.exec(program.entry ?? '')?.[0].toLowerCase()
  const named = ending === undefined ? undefined : byExtension.get(ending)
  if (named !== undefined) return named

  const text = program.content.replace(/^\uFEFF/, '').slice(0, EXAMINED_CHARACTERS)
  const shebang = readShebang(text)
  if (shebang !== undefined) return shebang.language
  if (isMarkup(text)) return 'html'
  if (isJson(text)) return undefined
  return scoreContent(text)
}
