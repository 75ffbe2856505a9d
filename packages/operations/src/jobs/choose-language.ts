import { RequestError } from '@runnel/contract/public'
import { findJobLanguage, type JobLanguage } from '@runnel/languages'
import { describeNotRun, detectLanguage } from '@runnel/languages/detection'

/** The languages of a deployment or tenant, for a message. */
export const listLanguages = (languages: readonly JobLanguage[]): string =>
  languages.map(({ id, aliases }) => (aliases[0] === undefined ? id : `${id} (${aliases.join(', ')})`)).join(', ')

const refuseLanguage = (what: string, languages: readonly JobLanguage[]): RequestError =>
  new RequestError('unknown-language', `${what} The languages here are ${listLanguages(languages)}`)

/** The language that a submission names. Throws if it does not run here. */
export const nameLanguage = <L extends JobLanguage>(name: string, languages: readonly L[]): L => {
  const named = findJobLanguage(name)
  const language = languages.find(({ id }) => id === named?.id)
  if (language !== undefined) return language
  throw refuseLanguage(`Cannot run the language ${JSON.stringify(name)}.`, languages)
}

/**
 * The language of a program, by its content and, if it has one, the name of its file. Throws if it cannot be detected, or does
 * not run here. `unclear`: what to say of content without a language, which may also be prose.
 */
export const guessLanguage = (
  program: { readonly content: string; readonly entry?: string },
  languages: readonly JobLanguage[],
  unclear?: string,
): JobLanguage => {
  const detected = detectLanguage(program)
  if (detected === undefined || (detected === 'prose' && unclear !== undefined)) {
    throw refuseLanguage(unclear ?? 'Cannot tell the language of this program: send `language`.', languages)
  }
  const language = languages.find(({ id }) => id === detected)
  if (language !== undefined) return language
  throw refuseLanguage(`${describeNotRun(detected)} If it is something else, send \`language\`.`, languages)
}

const NO_BLOCK =
  'Cannot find a code block in this text. Send the code alone, or between lines of ```. If the whole text is a program, send `language`.'

/**
 * The language of `code` that has no block to run. What begins with a backtick is Markdown, although JavaScript takes it for a
 * template literal.
 */
export const guessLanguageOfCode = (code: string, languages: readonly JobLanguage[]): JobLanguage => {
  if (/^\s*`/.test(code)) throw refuseLanguage(NO_BLOCK, languages)
  return guessLanguage({ content: code }, languages, /```|~~~/.test(code) ? NO_BLOCK : undefined)
}
