import { type File, RequestError } from '@runnel/contract/public'
import { findLanguage, type Language } from '@runnel/languages'
import { describeNotRun, detectLanguage } from '@runnel/languages/detection'

/** The languages of a deployment or tenant, for a message. */
export const listLanguages = (languages: readonly Language[]): string =>
  languages.map(({ id, aliases }) => (aliases[0] === undefined ? id : `${id} (${aliases.join(', ')})`)).join(', ')

const refuseLanguage = (what: string, languages: readonly Language[]): RequestError =>
  new RequestError('unknown-language', `${what} The languages here are ${listLanguages(languages)}`)

/** The language that a submission names. Throws if it does not run here. */
export const nameLanguage = (name: string, languages: readonly Language[]): Language => {
  const language = findLanguage(name)
  if (language !== undefined && languages.includes(language)) return language
  const html = /^html?$/i.test(name) ? ', which is a page to show, not a program to run' : ''
  throw refuseLanguage(`Cannot run the language ${JSON.stringify(name)}${html}.`, languages)
}

/** The language of a file, by its content and, if it has one, its name. Throws if it cannot be detected, or does not run here. */
export const guessLanguage = (file: File, isNamed: boolean, languages: readonly Language[]): Language => {
  const content = Buffer.from(file.content, file.encoding).toString('utf8')
  const detected = detectLanguage(isNamed ? { content, entry: file.path } : { content })
  if (detected === undefined) {
    throw refuseLanguage('Cannot tell the language of this program: send `language`.', languages)
  }
  if (detected === 'html') {
    throw refuseLanguage(
      'Cannot run HTML, which this looks like: it is a page to show, not a program to run. If it is a program, send `language`.',
      languages,
    )
  }
  const language = languages.find(({ id }) => id === detected)
  if (language !== undefined) return language
  throw refuseLanguage(`${describeNotRun(detected)} If it is something else, send \`language\`.`, languages)
}
