import { type JobListQuery, type JobStatus, OUTCOME_CLASSES, RequestError } from '@runnel/contract/public'
import { findLanguage, LANGUAGES } from '@runnel/languages'
import type { HistoryPart } from '@runnel/registry'
import { listLanguages } from './choose-language.ts'

/** Every language that Runnel knows: this deployment may have run others before. */
const readLanguages = (names: readonly string[]): string[] =>
  names.map((name) => {
    const language = findLanguage(name)
    if (language !== undefined) return language.id
    throw new RequestError(
      'unknown-language',
      `Cannot filter by the language ${JSON.stringify(name)}: use one or several of ${listLanguages(LANGUAGES)}`,
    )
  })

const chooseEndings = ({ outcome, status }: JobListQuery): HistoryPart['ending'][] => {
  const wants = (...statuses: readonly JobStatus[]) =>
    status === undefined || statuses.some((one) => status.includes(one))
  const finished = wants('finished') ? (outcome ?? OUTCOME_CLASSES) : []
  return outcome === undefined && wants('queued', 'running') ? [...finished, 'unfinished'] : [...finished]
}

/** Which parts of the history have the jobs that pass the filters. Undefined: all of it. */
export const chooseParts = (
  query: Pick<JobListQuery, 'outcome' | 'status' | 'language'>,
): readonly HistoryPart[] | undefined => {
  const { outcome, status, language } = query
  if (outcome === undefined && status === undefined && language === undefined) return undefined
  const languages = language === undefined ? LANGUAGES.map(({ id }) => id) : readLanguages(language)
  const endings = chooseEndings(query)
  return [...new Set(languages)].flatMap((id) => endings.map((ending) => ({ language: id, ending })))
}
