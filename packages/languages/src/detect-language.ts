import { HTML, LANGUAGES, type LanguageId } from './catalogue.ts'
import { detectContent } from './detect-content.ts'
import { isSession } from './is-session.ts'
import type { OtherLanguage } from './other-languages.ts'
import { readShebang } from './shebang.ts'

/** A language of the catalogue, or another one that can be named. The caller decides what to say about the others. */
export type DetectedLanguage = LanguageId | OtherLanguage

/** A limit on the work that a text can cause. Longer texts are hardly one JSON value. */
const EXAMINED_CHARACTERS = 64 * 1024

const byExtension = new Map<string, DetectedLanguage>([
  ...[...LANGUAGES, HTML].flatMap(({ id, extensions }) => extensions.map((extension) => [extension, id] as const)),
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
  if (text.length > EXAMINED_CHARACTERS || !/^\s*(?:[[{"\d-]|null|true|false)/.test(text)) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/**
 * The language of a program, from the first of these that knows: its file extension, its `#!` line, its content. At most
 * 50 ms of this thread, whatever the text; usually less than 2 ms.
 *
 * Undefined if none knows, because a guess would run a program as something that it is not.
 */
export const detectLanguage = (program: { content: string; entry?: string }): DetectedLanguage | undefined => {
  const extension = /\.[^./]+$/.exec(program.entry ?? '')?.[0].toLowerCase()
  const named = extension === undefined ? undefined : byExtension.get(extension)
  if (named !== undefined) return named

  const text = program.content.replace(/^\uFEFF/, '').replace(/^\s*\n/, '')
  const shebang = readShebang(text)
  if (shebang !== undefined) return shebang.language
  if (isMarkup(text.slice(0, EXAMINED_CHARACTERS))) return 'html'
  if (isSession(text.slice(0, EXAMINED_CHARACTERS))) return 'session'
  if (isJson(text)) return 'json'
  return detectContent(text)
}
