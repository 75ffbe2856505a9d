import { findLanguage, LANGUAGES, type Language } from './catalogue.ts'

/** The languages of a comma list such as `python,bash`, each once; undefined if a word names none. */
export const readLanguageList = (list: string): readonly Language[] | undefined => {
  const found = new Set<Language>()
  for (const word of list.split(',')) {
    const language = findLanguage(word)
    if (language === undefined) return undefined
    found.add(language)
  }
  return [...found]
}

/** All languages, as such a list. */
export const ALL_LANGUAGES = LANGUAGES.map(({ id }) => id).join(',')
