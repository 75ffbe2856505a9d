import type { LanguageId } from './catalogue.ts'
import { classify } from './classify.ts'
import { isOtherLanguage, type OtherLanguage } from './other-languages.ts'
import { readsAsCommands } from './reads-as-commands.ts'

/**
 * How probable a language must be. The classifier is trained with all languages alike, but people send mostly ours, so less than
 * half is enough for a text that parses. One with a syntax error runs if its words are clear: the interpreter explains the
 * error best. Bash has no parser.
 */
const PROBABLE = { onlyGrammar: 0.22, oneOfTwoGrammars: 0.35, noGrammar: 0.84, bash: 0.66 }
/** Enough to name a language that we do not run. */
const NAMED = 0.4

/** How much more than enough: 1 is just enough. */
const toCertainty = (probability: number, needed: number): number =>
  probability / (1 - probability + 1e-9) / (needed / (1 - needed))

/** The language of a text, from its words and marks and as what it parses. */
export const detectContent = (text: string): LanguageId | OtherLanguage | undefined => {
  if (readsAsCommands(text)) return 'bash'
  const { probabilities, grammars } = classify(text)
  const of = (language: string): number => probabilities.get(language) ?? 0
  // Hundreds of languages are in `other`. A text that parses as one of ours is hardly one of them.
  const doubt = grammars.length === 0 ? 1 : 1 - of('other') * 0.6
  const script = chooseTypes(grammars, of('javascript'), of('typescript'))
  const parsed = grammars.length === 1 ? PROBABLE.onlyGrammar : PROBABLE.oneOfTwoGrammars
  const neededFor = (language: LanguageId): number => (grammars.includes(language) ? parsed : PROBABLE.noGrammar)
  const candidates: readonly (readonly [LanguageId, number])[] = [
    ['python', toCertainty(of('python') / doubt, neededFor('python'))],
    [script, toCertainty((of('javascript') + of('typescript')) / doubt, neededFor(script))],
    ['bash', toCertainty(of('bash'), PROBABLE.bash)],
  ]
  const [language, certainty] = candidates.reduce((best, next) => (next[1] > best[1] ? next : best))
  if (certainty >= 1) return language
  const [other] = [...probabilities].filter(([name, probability]) => probability >= NAMED && isOtherLanguage(name))
  return other !== undefined && isOtherLanguage(other[0]) ? other[0] : undefined
}

/** What parses as JavaScript is JavaScript, what parses only with types is TypeScript. Else the words decide. */
const chooseTypes = (
  grammars: readonly LanguageId[],
  javascript: number,
  typescript: number,
): 'javascript' | 'typescript' => {
  if (grammars.includes('javascript')) return 'javascript'
  if (grammars.includes('typescript')) return 'typescript'
  return javascript >= typescript ? 'javascript' : 'typescript'
}
