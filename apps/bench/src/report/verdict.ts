import type { Results } from './results.ts'
import type { Figure, Target } from './targets.ts'

/** The result of one target. */
export interface Verdict {
  readonly target: Target
  readonly ours?: number
  readonly theirs?: number
  /** The number that the bound is for: ours, or ours ÷ theirs. Absent if it was not measured. */
  readonly measured?: number
  /** This machine is too slow for the target, by what it says about that. */
  readonly excused?: boolean
  readonly passed: boolean
}

const look = (results: Results, { scenario }: Target, { contender, what, take }: Figure): number | undefined => {
  const rows = results.scenarios.find((result) => result.scenario === scenario)?.rows ?? []
  const row = rows.find((candidate) => candidate.contender === contender && candidate.what === what)
  if (row === undefined) return undefined
  return take === 'succeeded' ? row.succeeded / row.asked : row.summary?.[take]
}

const isWithin = (measured: number, { bound }: Target): boolean =>
  'atMost' in bound ? measured <= bound.atMost : measured >= bound.atLeast

const toResult = (results: Results, target: Target, measured: number): Pick<Verdict, 'passed' | 'excused'> => {
  if (isWithin(measured, target)) return { passed: true }
  return isExcused(results, target) ? { passed: true, excused: true } : { passed: false }
}

/** A target whose condition was not measured is not excused. */
const isExcused = (results: Results, target: Target): boolean => {
  if (target.where === undefined) return false
  const found = look(results, target, target.where.figure)
  return found !== undefined && found > target.where.atMost
}

export const judge = (results: Results, target: Target): Verdict => {
  const ours = look(results, target, target.ours)
  const found = ours === undefined ? {} : { ours }
  if (target.theirs === undefined) {
    return ours === undefined
      ? { target, passed: false }
      : { target, ...found, measured: ours, ...toResult(results, target, ours) }
  }
  const theirs = look(results, target, target.theirs)
  if (ours === undefined || theirs === undefined) return { target, ...found, passed: false }
  const measured = ours / theirs
  return { target, ours, theirs, measured, ...toResult(results, target, measured) }
}
