import {
  type JobListQuery,
  type JobStatus,
  OUTCOME_CLASSES,
  type OutcomeClass,
  RequestError,
} from '@runnel/contract/public'
import { findJobLanguage, HTML, LANGUAGES } from '@runnel/languages'
import type { HistoryPart } from '@runnel/registry'
import { listLanguages } from './choose-language.ts'

type Filters = Pick<JobListQuery, 'outcome' | 'status' | 'language'>
const ALL = [...LANGUAGES, HTML]
type Ending = OutcomeClass | 'unfinished'

/** Every language that Runnel knows: this deployment may have run others before. */
const readLanguages = (names: readonly string[]): string[] =>
  names.map((name) => {
    const language = findJobLanguage(name)
    if (language !== undefined) return language.id
    throw new RequestError(
      'unknown-language',
      `Cannot filter by the language ${JSON.stringify(name)}: use one or several of ${listLanguages(ALL)}`,
    )
  })

const chooseEndings = ({ outcome, status }: Filters): Ending[] => {
  const wants = (...statuses: readonly JobStatus[]) =>
    status === undefined || statuses.some((one) => status.includes(one))
  const finished = wants('finished') ? (outcome ?? OUTCOME_CLASSES) : []
  return outcome === undefined && wants('queued', 'running') ? [...finished, 'unfinished'] : [...finished]
}

/** Which parts of the history have the jobs that pass the filters. */
export const chooseParts = (query: Filters): readonly HistoryPart[] => {
  const { outcome, language } = query
  const languages = new Set(language === undefined ? ALL.map(({ id }) => id) : readLanguages(language))
  const endings = chooseEndings(query)
  const inParts = (wanted: readonly Ending[]): HistoryPart[] =>
    [...languages].flatMap((id) => wanted.map((ending) => ({ language: id, ending })))
  if (outcome !== undefined || language !== undefined) return inParts(endings)
  // All outcomes of all languages are one set.
  const isAnyOutcome = endings.some((ending) => ending !== 'unfinished')
  const unfinished = inParts(endings.filter((ending) => ending === 'unfinished'))
  return isAnyOutcome ? ['ended', ...unfinished] : unfinished
}
