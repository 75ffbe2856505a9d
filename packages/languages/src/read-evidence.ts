import type { LanguageId } from './catalogue.ts'
import { parsesUpTo, readScript } from './parses-as.ts'
import { readFeatures } from './read-features.ts'

/** The start of a text tells its language, and this limits the work that a text can cause. */
const EXAMINED_CHARACTERS = 8 * 1024
/** For all parsers together. Normal texts need less than 5 ms. */
const PARSE_MS = 36
/** An error in the last line of a text that was cut comes from the cut, unless the line is very long. */
const LAST_LINE_CHARACTERS = 400

/** What is known of a text: its words and marks, and as what it parses. */
export interface Evidence {
  readonly features: ReadonlySet<string>
  readonly grammars: readonly LanguageId[]
}

export const readEvidence = (text: string, isKnown: (word: string) => boolean): Evidence => {
  const start = text.slice(0, EXAMINED_CHARACTERS).replace(/\r\n?/g, '\n')
  const features = readFeatures(start, isKnown)
  const grammars = readGrammars(start, text.length > EXAMINED_CHARACTERS)
  for (const language of grammars) features.add(`parses as ${language}`)
  return { features, grammars }
}

const readGrammars = (start: string, isCut: boolean): LanguageId[] => {
  const lastLine = Math.max(start.lastIndexOf('\n'), start.length - LAST_LINE_CHARACTERS)
  const end = isCut ? lastLine : start.length
  const budget = { leftMs: PARSE_MS }
  const isPython = parsesUpTo(end, 'python', start, budget) === true
  const script = readScript(end, start, budget)
  return [...(isPython ? (['python'] as const) : []), ...(script === undefined ? [] : [script])]
}
