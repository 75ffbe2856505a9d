import { findJobLanguage, HTML, type JobLanguage, LANGUAGES } from './catalogue.ts'

/** The languages of a comma list such as `python,html`, each once; undefined if a word names none. */
export const readLanguageList = (list: string): readonly JobLanguage[] | undefined => {
  const found = new Set<JobLanguage>()
  for (const word of list.split(',')) {
    const language = findJobLanguage(word)
    if (language === undefined) return undefined
    found.add(language)
  }
  return [...found]
}

/** All languages of jobs, as such a list. */
export const ALL_LANGUAGES = [...LANGUAGES, HTML].map(({ id }) => id).join(',')
