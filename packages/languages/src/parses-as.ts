import type { Tree } from '@lezer/common'
import { parser as javascriptParser } from '@lezer/javascript'
import type { LRParser } from '@lezer/lr'
import { parser as pythonParser } from '@lezer/python'
import type { LanguageId } from './catalogue.ts'
import { hideUnreadForms } from './hide-unread-forms.ts'

/** Normal code of about 50 KiB parses in this time. */
const PARSE_MS = 25
/** Reading a clock takes about as long as a step. */
const STEPS_PER_LOOK = 8
/** In browsers: no steps between two looks take longer. If they do, the process had to wait for a processor. */
const LOOK_MS = 1

/** The processor time of this thread, which a busy machine does not lengthen. Browsers have only the time of day. */
const readThreadMs = (): number | undefined => {
  const used = globalThis.process?.threadCpuUsage?.()
  return used === undefined ? undefined : (used.user + used.system) / 1000
}

/** Milliseconds since the last call of what it returns. */
const createStopwatch = (): (() => number) => {
  let thread = readThreadMs()
  let day = performance.now()
  return () => {
    const before = { thread, day }
    thread = readThreadMs()
    if (thread !== undefined && before.thread !== undefined) return thread - before.thread
    day = performance.now()
    return Math.min(day - before.day, LOOK_MS)
  }
}

/** The time that parsers may take together, without the pauses of a busy machine. */
export interface ParseBudget {
  leftMs: number
}

/** A strict parser stops at its first error. The recovery after an error is what makes hostile texts slow. */
const strict = (parser: LRParser, dialect?: string): LRParser =>
  parser.configure(dialect === undefined ? { strict: true } : { strict: true, dialect })

const JAVASCRIPT = strict(javascriptParser, 'jsx')

/** The dialects of each language. A text needs to parse in one of them. Bash has no parser that we trust with hostile texts. */
const PARSERS: Readonly<Record<LanguageId, readonly LRParser[]>> = {
  python: [strict(pythonParser)],
  javascript: [JAVASCRIPT],
  // Two dialects, because `<T>value` is a type assertion in one and an element in the other.
  typescript: [strict(javascriptParser, 'ts'), strict(javascriptParser, 'ts jsx')],
  bash: [],
}

/** For texts that were cut: it goes on after the error at the cut, so that there is a tree. */
const LENIENT = javascriptParser.configure({ dialect: 'jsx' })

const TYPE_NODE = /^(?:Type[A-Z]\w*|Optional|Privacy|readonly|override|abstract|satisfies|implements|Decorator)$/

/** lezer's JavaScript lets some types through. Node runs no decorators in JavaScript, so they count as TypeScript too. */
const hasTypes = (tree: Tree): boolean => {
  const cursor = tree.cursor()
  do {
    if (TYPE_NODE.test(cursor.name)) return true
    const parent = cursor.node.parent?.name
    if (cursor.name === 'as' && parent === 'BinaryExpression') return true
    if (cursor.name === 'LogicOp' && parent === 'PostfixExpression') return true
  } while (cursor.next())
  return false
}

/** The tree, or the position of the first error. Undefined: the budget was used up first. */
const parseUntilError = (parser: LRParser, text: string, budget: ParseBudget): Tree | number | undefined => {
  const parse = parser.startParse(text)
  const stopwatch = createStopwatch()
  try {
    while (budget.leftMs > 0) {
      for (let step = 0; step < STEPS_PER_LOOK; step += 1) {
        const tree = parse.advance()
        if (tree !== null) return tree
      }
      budget.leftMs -= stopwatch()
    }
    return undefined
  } catch (error) {
    // Only the message has the position.
    if (error instanceof SyntaxError) return Number(/^No parse at (\d+)$/.exec(error.message)?.[1] ?? 0)
    // Nested too deep for the stack.
    if (error instanceof RangeError) return 0
    throw error
  }
}

/**
 * Whether a text parses in a language up to `end`, a position in the text: an error after it does not count.
 * Undefined: there is no parser for the language, or `budget` was used up first.
 */
export const parsesUpTo = (
  end: number,
  language: LanguageId,
  text: string,
  budget: ParseBudget,
): boolean | undefined => {
  if (language === 'javascript') {
    const typed = isTypedUpTo(end, text, budget)
    return typed === undefined ? (budget.leftMs > 0 ? false : undefined) : !typed
  }
  const readable = language === 'typescript' ? hideUnreadForms(text, language) : text
  let parses: boolean | undefined
  for (const parser of PARSERS[language]) {
    const result = parseUntilError(parser, readable, budget)
    if (result === undefined) return undefined
    parses = typeof result === 'object' || result > end
    if (parses) break
  }
  return parses
}

/** Whether a text that lezer reads as JavaScript has types in it. Undefined: it does not read it so, or not in time. */
const isTypedUpTo = (end: number, text: string, budget: ParseBudget): boolean | undefined => {
  const readable = hideUnreadForms(text, 'javascript')
  const result = parseUntilError(JAVASCRIPT, readable, budget)
  if (result === undefined || (typeof result === 'number' && result <= end)) return undefined
  const tree = typeof result === 'object' ? result : parseUntilError(LENIENT, readable, budget)
  return typeof tree === 'object' ? hasTypes(tree) : undefined
}

/** Which of the two a text is up to `end`. What reads as JavaScript with types is not parsed again as TypeScript. */
export const readScript = (end: number, text: string, budget: ParseBudget): 'javascript' | 'typescript' | undefined => {
  const typed = isTypedUpTo(end, text, budget)
  if (typed !== undefined) return typed ? 'typescript' : 'javascript'
  return parsesUpTo(end, 'typescript', text, budget) ? 'typescript' : undefined
}

/**
 * Whether all of this text is a program in this language as it stands, by its grammar alone. It never takes much longer than
 * 25 ms. Undefined: there is no parser for the language (Bash), or the time was over first.
 *
 * False is not proof: a few rare forms that the interpreter knows are errors here. True says little about a short text: many
 * lines of YAML and R are also Python. Beware of fences: a whole text that is one Markdown fence is valid JavaScript, because
 * three backticks are an empty template and the start of another.
 */
export const parsesAs = (language: LanguageId, text: string): boolean | undefined =>
  parsesUpTo(text.length, language, text, { leftMs: PARSE_MS })

const hasElement = (tree: Tree): boolean => {
  const cursor = tree.cursor()
  do {
    if (cursor.name === 'JSXElement') return true
  } while (cursor.next())
  return false
}

/** Whether a program has JSX in it. False if it does not parse, or not in 25 ms. */
export const hasJsx = (language: 'javascript' | 'typescript', text: string): boolean => {
  const budget = { leftMs: PARSE_MS }
  // With JSX first: `<b>hi</b>` also parses as a type assertion, but hardly anybody means one.
  const readable = hideUnreadForms(text, language)
  for (const parser of PARSERS[language].toReversed()) {
    const tree = parseUntilError(parser, readable, budget)
    if (typeof tree === 'object') return hasElement(tree)
  }
  return false
}
