import type { Tone } from '@runnel/client/run-state'
import type { JobStatus, OutcomeClass } from '@runnel/contract/public'

/** Which runs the history shows. Empty: all. The address of the page has it, so that it can be linked to. */
export interface HistoryFilter {
  readonly outcomes: readonly OutcomeClass[]
  readonly statuses: readonly JobStatus[]
  readonly languages: readonly string[]
  /** Text in the first line. */
  readonly text: string
  /** Times in ISO 8601. */
  readonly from: string | undefined
  readonly to: string | undefined
  /** Which time of a run `from` and `to` mean. */
  readonly by: 'submitted' | 'started' | 'finished'
}

export const NO_FILTER: HistoryFilter = {
  outcomes: [],
  statuses: [],
  languages: [],
  text: '',
  from: undefined,
  to: undefined,
  by: 'submitted',
}

/** The words of an outcome, as in "Runs that …". */
export const OUTCOME_LABELS: Readonly<Record<OutcomeClass, string>> = {
  succeeded: 'Succeeded',
  failed: 'Failed',
  signaled: 'Ended by a signal',
  'timed-out': 'Time limit',
  'out-of-memory': 'Memory limit',
  'output-limit': 'Output limit',
  canceled: 'Canceled',
  'sandbox-ended': 'Sandbox ended',
  'sandbox-failed': 'Our fault',
}

const STATUSES = ['queued', 'running', 'finished'] as const satisfies readonly JobStatus[]
const TIMES = ['submitted', 'started', 'finished'] as const

/** A choice of how runs ended, or of what they do now. */
export interface EndChoice {
  readonly label: string
  readonly tone: Tone
  readonly outcomes: readonly OutcomeClass[]
  readonly status?: JobStatus
}

export const END_CHOICES: readonly EndChoice[] = [
  { label: 'Waiting', tone: 'queued', outcomes: [], status: 'queued' },
  { label: 'Running', tone: 'running', outcomes: [], status: 'running' },
  { label: 'Succeeded', tone: 'ok', outcomes: ['succeeded'] },
  { label: 'Failed', tone: 'failed', outcomes: ['failed', 'signaled'] },
  { label: 'Stopped by a limit', tone: 'limit', outcomes: ['timed-out', 'out-of-memory', 'output-limit'] },
  { label: 'Canceled', tone: 'canceled', outcomes: ['canceled'] },
  { label: 'Sandbox ended', tone: 'lost', outcomes: ['sandbox-ended'] },
  { label: 'Our fault', tone: 'ours', outcomes: ['sandbox-failed'] },
]

const isOutcome = (word: string): word is OutcomeClass => Object.hasOwn(OUTCOME_LABELS, word)
const toggle = <T>(list: readonly T[], values: readonly T[], on: boolean): readonly T[] => {
  const others = list.filter((value) => !values.includes(value))
  return on ? [...others, ...values] : others
}

export const isChosen = (filter: HistoryFilter, { outcomes, status }: EndChoice): boolean =>
  status === undefined
    ? outcomes.every((outcome) => filter.outcomes.includes(outcome))
    : filter.statuses.includes(status)

/** Chooses it, or takes it back. A run that waits or runs has no outcome, so the two kinds of choice exclude each other. */
export const toggleEnd = (filter: HistoryFilter, choice: EndChoice): HistoryFilter => {
  const on = !isChosen(filter, choice)
  if (choice.status !== undefined)
    return { ...filter, outcomes: [], statuses: toggle(filter.statuses, [choice.status], on) }
  return { ...filter, statuses: [], outcomes: toggle(filter.outcomes, choice.outcomes, on) }
}

export const toggleLanguage = (filter: HistoryFilter, language: string): HistoryFilter => ({
  ...filter,
  languages: toggle(filter.languages, [language], !filter.languages.includes(language)),
})

/** Outcomes that were chosen by a link and not as a whole choice, such as the time limit alone. */
export const singleOutcomes = (filter: HistoryFilter): readonly OutcomeClass[] => {
  const whole = END_CHOICES.filter((choice) => choice.outcomes.length > 0 && isChosen(filter, choice))
  const shown = new Set(whole.flatMap(({ outcomes }) => outcomes))
  return filter.outcomes.filter((outcome) => !shown.has(outcome))
}

export const hasFilter = (filter: HistoryFilter): boolean => writeFilter(filter) !== ''

const split = (text: string | null): string[] => (text === null ? [] : text.split(',').filter((word) => word !== ''))
const moment = (text: string | null): string | undefined => {
  const at = Date.parse(text ?? '')
  return Number.isNaN(at) ? undefined : new Date(at).toISOString()
}

/** The filter in the address of the page. What this page does not know is left out. */
export const readFilter = (search: string): HistoryFilter => {
  const query = new URLSearchParams(search)
  return {
    outcomes: split(query.get('outcome')).filter(isOutcome),
    statuses: STATUSES.filter((status) => split(query.get('status')).includes(status)),
    languages: split(query.get('language')),
    text: query.get('q') ?? '',
    from: moment(query.get('from')),
    to: moment(query.get('to')),
    by: TIMES.find((time) => time === query.get('by')) ?? 'submitted',
  }
}

/** The query of `GET /v1/jobs`. The address of the page has the same. */
export const toQuery = (filter: HistoryFilter): Readonly<Record<string, string | undefined>> => {
  const { outcomes, statuses, languages, text, from, to, by } = filter
  const list = (words: readonly string[]) => (words.length === 0 ? undefined : words.join(','))
  const isTimed = from !== undefined || to !== undefined
  return {
    outcome: list(outcomes),
    status: list(statuses),
    language: list(languages),
    q: text === '' ? undefined : text,
    from,
    to,
    by: isTimed && by !== 'submitted' ? by : undefined,
  }
}

export const writeFilter = (filter: HistoryFilter): string => {
  const given = Object.entries(toQuery(filter)).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
  return new URLSearchParams(given).toString().replaceAll('%2C', ',').replaceAll('%3A', ':')
}
