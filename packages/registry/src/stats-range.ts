import { RequestError, STATS } from '@runnel/contract/public'

/** What a caller asks for. Times in ms since 1970. */
export interface StatsQuery {
  /** An hour before `toMs` if left out. */
  readonly fromMs?: number | undefined
  /** Now if left out. */
  readonly toMs?: number | undefined
  /** A minute if left out, or an hour if minutes are no longer kept, or would be too many. */
  readonly stepMs?: number | undefined
}

/** The steps of an answer, and which numbers they are made of. */
export interface StatsRange {
  /** The start of the first step. */
  readonly fromMs: number
  readonly stepMs: number
  readonly steps: number
  readonly unit: 'minute' | 'hour'
}

const { minute, hour } = STATS
/** The clock of a caller may be behind, and an answer takes time. */
const SLACK_MS = 600_000

const refuse = (path: string, why: string): RequestError => {
  const message = `Cannot read ${path}: ${why}`
  return new RequestError('invalid-request', message, { details: [{ path, message }] })
}

const chooseStep = (fromMs: number, toMs: number, nowMs: number): number =>
  fromMs >= nowMs - minute.keptMs - SLACK_MS && toMs - fromMs <= STATS.steps * minute.stepMs
    ? minute.stepMs
    : hour.stepMs

/** Throws a RequestError that says what to change. */
export const toStatsRange = (query: StatsQuery, nowMs: number): StatsRange => {
  const toMs = Math.min(query.toMs ?? nowMs, nowMs)
  const wantedFromMs = query.fromMs ?? toMs - hour.stepMs
  if (wantedFromMs >= (query.toMs ?? nowMs)) throw refuse('from', 'it must be before `to`')
  if (wantedFromMs >= nowMs) throw refuse('from', 'it must not be in the future')
  if (wantedFromMs < nowMs - hour.keptMs - SLACK_MS) throw refuse('from', 'numbers are kept for 30 days')
  const fromMs = Math.max(wantedFromMs, nowMs - hour.keptMs)
  const stepMs = query.stepMs ?? chooseStep(fromMs, toMs, nowMs)
  if (stepMs % minute.stepMs !== 0) throw refuse('step', 'it must be whole minutes, in milliseconds')
  const isByHour = stepMs % hour.stepMs === 0
  if (!isByHour && fromMs < nowMs - minute.keptMs - SLACK_MS) {
    throw refuse(
      'step',
      'numbers by the minute are kept for 24 hours; before that it must be whole hours, in milliseconds',
    )
  }
  const firstMs = Math.floor(fromMs / stepMs) * stepMs
  const steps = Math.ceil((toMs - firstMs) / stepMs)
  if (steps > STATS.steps) {
    throw refuse('step', `there would be ${steps} steps, and ${STATS.steps} fit into an answer: take longer ones`)
  }
  return { fromMs: firstMs, stepMs, steps, unit: isByHour ? 'hour' : 'minute' }
}
