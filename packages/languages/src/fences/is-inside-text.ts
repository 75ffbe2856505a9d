import type { LanguageId } from '../catalogue.ts'

/** What can span lines in a language and hold any text. */
interface Lexis {
  /** Begins a comment that ends with its line, after a space or at the start of a line. */
  readonly comment: '#' | '//'
  /** Open and close a text of several lines. Longer ones first. */
  readonly quotes: readonly string[]
  readonly hasBlockComments: boolean
  readonly hasRegularExpressions: boolean
  readonly hasHereDocuments: boolean
  /**
   * Close on their own line, unless that ends with a backslash. Where that fails, they are apostrophes. Backticks are among them
   * everywhere, because prose has code in them.
   */
  readonly lineQuotes: readonly string[]
}

const SCRIPT: Lexis = {
  comment: '//',
  quotes: ['`'],
  lineQuotes: ["'", '"'],
  hasBlockComments: true,
  hasRegularExpressions: true,
  hasHereDocuments: false,
}

const LEXES: Readonly<Record<LanguageId, Lexis>> = {
  python: {
    comment: '#',
    quotes: ['"""', "'''"],
    lineQuotes: ["'", '"', '`'],
    hasBlockComments: false,
    hasRegularExpressions: false,
    hasHereDocuments: false,
  },
  javascript: SCRIPT,
  typescript: SCRIPT,
  bash: {
    comment: '#',
    quotes: ["'", '"'],
    lineQuotes: ['`'],
    hasBlockComments: false,
    hasRegularExpressions: false,
    hasHereDocuments: true,
  },
}

/** Programs of languages that we do not know: most have some of these. Prose has quotation marks, in pairs. */
const ANY: Lexis = {
  comment: '//',
  quotes: ['"""', "'''", '"'],
  lineQuotes: ["'", '"', '`'],
  hasBlockComments: true,
  hasRegularExpressions: false,
  hasHereDocuments: true,
}

/** `Here's`, `don't`, `the '90s`: in a shell script this would open a string. */
const CONTRACTION = /^(?:[A-Za-z]'(?:s|t|d|m|re|ve|ll)|\s'\d\ds?)(?=[\s.,;:!?)]|$)/
/** A slash after one of these begins a regular expression. After a name or a number it divides. */
const BEFORE_EXPRESSION = /[(=,:[!&|?{};<>+]\s*$|(?:^|\n)\s*$|\b(?:return|typeof|case|of|in)\s+$/
const REGULAR_EXPRESSION = /^\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\//
/** `<<EOF`, `<<-EOF`, `<< \EOF`, `<<'END OF TEXT'`, Ruby's `<<~EOF`. Not `<<<`, and not a shift by a number. */
const HERE_DOCUMENT = /^<<[-~]?[ \t]?(?:\\?([A-Za-z_]\w*)|(["'])([^"'\n]+)\2)/

/**
 * Whether this position is inside a string, a template, a here-document or a comment of several lines, by the quotes before it
 * alone. This needs no valid program, so it also holds for one with a syntax error somewhere else.
 *
 * 1. One pass from left to right, to the position. What is not closed anywhere is not open: an apostrophe of prose ends there.
 * 2. `${…}` in templates and `$(…)` in shell strings are not entered. Quotes in them come in pairs, so the end is found anyway.
 */
export const isInsideText = (text: string, position: number, language: LanguageId | undefined): boolean => {
  const lexis = language === undefined ? ANY : LEXES[language]
  const exhausted = new Set<string>()
  let failures = 0
  let at = 0

  /** The position after the next `closing` that has no backslash before it, or undefined. Failing once is remembered. */
  const findEnd = (closing: string, from: number, hasEscapes: boolean): number | undefined => {
    if (exhausted.has(closing)) return undefined
    let found = text.indexOf(closing, from)
    while (found >= 0 && hasEscapes && isEscaped(text, found, from)) found = text.indexOf(closing, found + 1)
    if (found < 0) exhausted.add(closing)
    return found < 0 ? undefined : found + closing.length
  }
  const lineEnd = (from: number): number => {
    const end = text.indexOf('\n', from)
    return end < 0 ? text.length : end
  }
  /** The position after whatever begins here and holds any text; undefined if nothing does. */
  const skip = (): number | undefined => {
    const character = text[at] ?? ''
    const isFirst = at === 0 || /[\s;(]/.test(text[at - 1] ?? '')
    if (isFirst && text.startsWith(lexis.comment, at)) return lineEnd(at)
    // `dist/*.js` is no comment.
    if (isFirst && lexis.hasBlockComments && text.startsWith('/*', at)) return findEnd('*/', at + 2, false)
    if (lexis.hasHereDocuments && character === '<' && failures < MOST_FAILURES) {
      const word = HERE_DOCUMENT.exec(text.slice(at, at + 64))
      if (word === null || text[at - 1] === '<') return undefined
      const end = findHereDocumentEnd(text, lineEnd(at), word[1] ?? word[3] ?? '', lineEnd)
      if (end === undefined) failures += 1
      return end
    }
    if (lexis.hasRegularExpressions && character === '/' && failures < MOST_FAILURES) {
      if (!BEFORE_EXPRESSION.test(text.slice(Math.max(0, at - 80), at))) return undefined
      const length = REGULAR_EXPRESSION.exec(text.slice(at, at + 400))?.[0].length
      if (length === undefined) failures += 1
      return length === undefined ? undefined : at + length
    }
    const quote = lexis.quotes.find((one) => text.startsWith(one, at) && (lexis !== ANY || one.length > 1 || isFirst))
    if (quote !== undefined) {
      if (quote === "'" && CONTRACTION.test(text.slice(at - 1, at + 6))) return undefined
      // A shell's single quotes have no escapes, unless a dollar sign comes before.
      const end = findEnd(quote, at + quote.length, quote !== "'" || text[at - 1] === '$')
      // The apostrophe of `users' files`, the inches of `a 5" disk`: a string of several lines does not begin in a word.
      const isInWord = quote.length === 1 && quote !== '`' && /[A-Za-z0-9]/.test(text[at - 1] ?? '')
      return isInWord && end !== undefined && end > lineEnd(at) ? undefined : end
    }
    if (!lexis.lineQuotes.includes(character)) return undefined
    for (let next = at + 1; next < text.length && text[next] !== '\n'; next += 1) {
      if (text[next] === '\\') next += 1
      else if (text[next] === character) return next + 1
    }
    return undefined
  }

  while (at < position) {
    const end = skip()
    if (end !== undefined && end > position) return true
    at = end ?? at + (text[at] === '\\' ? 2 : 1)
  }
  return false
}

/** What looks like the start of a here-document or of a regular expression and has no end costs a search. */
const MOST_FAILURES = 16

/** Whether an odd number of backslashes stands before this position. */
const isEscaped = (text: string, position: number, from: number): boolean => {
  let before = position
  while (before > from && text[before - 1] === '\\') before -= 1
  return (position - before) % 2 === 1
}

/** The position after the line that is only this word, tabs and spaces before it; undefined if there is none. */
const findHereDocumentEnd = (
  text: string,
  from: number,
  word: string,
  lineEnd: (from: number) => number,
): number | undefined => {
  for (let start = from + 1; start < text.length; start = lineEnd(start) + 1) {
    const end = lineEnd(start)
    if (text.slice(start, end).trim() === word) return end
  }
  return undefined
}
