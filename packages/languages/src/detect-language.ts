import { LANGUAGES, type LanguageId } from './catalogue.ts'
import { scoreContent } from './content-rules.ts'
import { readShebang } from './shebang.ts'

/** HTML is detected, but it is not a program. The caller decides what to say about it. */
export type DetectedLanguage = LanguageId | 'html'

/** Enough to detect a language, and a limit on the work that a request can cause. */
const EXAMINED_CHARACTERS = 64 * 1024

const byExtension = new Map<string, DetectedLanguage>([
  ['.html', 'html'],
  ['.htm', 'html'],
  ...LANGUAGES.flatMap(({ id, extensions }) => extensions.map((extension) => [extension, id] as const)),
])

/** Whether this is the start of a page. Comments and an XML declaration may come before the first tag. */
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

/** Data is not a program, although every JSON text is also an expression of JavaScript, and almost one of Python. */
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
 * The language of a program, from the first of these that knows: its file extension, its `#!` line, its content.
 * Undefined if none knows, because a guess would run a program as something that it is not.
 */
export const detectLanguage = (program: { content: string; entry?: string }): DetectedLanguage | undefined => {
  const extension = /\.[^./]+$/.exec(program.entry ?? '')?.[0].toLowerCase()
  const named = extension === undefined ? undefined : byExtension.get(extension)
  if (named !== undefined) return named

  const text = program.content.replace(/^\uFEFF/, '').slice(0, EXAMINED_CHARACTERS)
  const shebang = readShebang(text)
  if (shebang !== undefined) return shebang.language
  if (isMarkup(text)) return 'html'
  if (isJson(text)) return undefined
  return scoreContent(text)
}
