import { parser as javascriptParser } from '@lezer/javascript'
import type { LRParser } from '@lezer/lr'
import { parser as pythonParser } from '@lezer/python'
import type { LanguageId } from './catalogue.ts'

/** Longer texts of normal code parse in this time up to about 50 KiB; hostile ones can need any time. */
const DEADLINE_MS = 25

/** A strict parser stops at its first error. The recovery after an error is what makes hostile texts slow. */
const strict = (parser: LRParser, dialect?: string): LRParser =>
  parser.configure(dialect === undefined ? { strict: true } : { strict: true, dialect })

/** The dialects of each language. A text needs to parse in one of them. Bash has no parser that we trust with hostile texts. */
const PARSERS: Readonly<Record<LanguageId, readonly LRParser[]>> = {
  python: [strict(pythonParser)],
  javascript: [strict(javascriptParser, 'jsx')],
  // Two dialects, because `<T>value` is a type assertion in one and an element in the other.
  typescript: [strict(javascriptParser, 'ts'), strict(javascriptParser, 'ts jsx')],
  bash: [],
}

/** True: it parsed to its end. False: it has an error. Undefined: the deadline came first. */
const parseBefore = (deadline: number, parser: LRParser, text: string): boolean | undefined => {
  const parse = parser.startParse(text)
  try {
    while (parse.advance() === null) if (performance.now() > deadline) return undefined
    return true
  } catch (error) {
    // `No parse at <position>`, or too deep for the stack.
    if (error instanceof SyntaxError || error instanceof RangeError) return false
    throw error
  }
}

/**
 * Whether all of this text is a program in this language as it stands, by its grammar alone. It never takes much longer than
 * 25 ms. Undefined: there is no parser for the language (Bash), or the deadline came first.
 *
 * False is not proof: a few rare forms that the interpreter knows are errors here. True says little about a short text: many
 * lines of YAML and R are also Python. Beware of fences: a whole text that is one Markdown fence is valid JavaScript, because
 * three backticks are an empty template and the start of another.
 */
export const parsesAs = (language: LanguageId, text: string): boolean | undefined => {
  const deadline = performance.now() + DEADLINE_MS
  let result: boolean | undefined
  for (const parser of PARSERS[language]) {
    result = parseBefore(deadline, parser, text)
    if (result !== false) return result
  }
  return result
}
