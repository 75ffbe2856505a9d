import { constants } from 'node:os'
import type { LimitHit, Limits, Outcome } from '@runnel/contract/public'
import type { ExitReport } from './protocol.ts'

/** Some numbers have two names (SIGABRT, SIGIOT). The first is the usual one, so it is set last. */
const SIGNAL_NAMES = new Map(
  Object.entries(constants.signals)
    .reverse()
    .map(([name, number]) => [number, name]),
)
const SIGKILL = constants.signals.SIGKILL

/** All that the outcome depends on. */
export interface Facts {
  /** What the worker had decided before the end, if anything. It outranks what the program did then. */
  readonly intent: 'canceled' | undefined
  readonly report: ExitReport
  readonly limits: Limits
}

const toHits = ({ report, limits }: Facts): { limitsHit?: LimitHit[] } => {
  const hits = report.hits.map((limit) => ({ limit, value: limits[limit] }))
  return hits.length === 0 ? {} : { limitsHit: hits }
}

interface Rule {
  readonly when: (facts: Facts) => boolean
  readonly outcome: (facts: Facts) => Outcome
}

/** How a job ended: the first rule that fits decides. Exit code 137 alone says nothing, because any program may choose it. */
const RULES: readonly Rule[] = [
  {
    when: ({ intent }) => intent === 'canceled',
    outcome: () => ({ type: 'canceled' }),
  },
  {
    when: ({ report }) => report.limit === 'wall',
    outcome: (facts) => ({ type: 'timed-out', limit: 'wall', limitMs: facts.limits.wallMs, ...toHits(facts) }),
  },
  {
    when: ({ report }) => report.limit === 'cpu',
    outcome: (facts) => ({ type: 'timed-out', limit: 'cpu', limitMs: facts.limits.cpuMs, ...toHits(facts) }),
  },
  {
    when: ({ report }) => report.limit === 'output',
    outcome: ({ limits }) => ({
      type: 'output-limit',
      limitBytes: limits.outputBytes,
    }),
  },
  {
    // Only if the kernel killed the main process. If a child ran out of memory and the program continued, the outcome is `exited`.
    when: ({ report }) => report.oomKilled === true && report.signal === SIGKILL,
    outcome: ({ limits }) => ({
      type: 'out-of-memory',
      limitBytes: limits.memoryBytes,
    }),
  },
  {
    when: ({ report }) => report.signal !== null,
    outcome: (facts) => ({
      type: 'signaled',
      signal: SIGNAL_NAMES.get(facts.report.signal ?? 0) ?? `SIG${facts.report.signal}`,
      ...toHits(facts),
    }),
  },
]

export const toOutcome = (facts: Facts): Outcome => {
  const rule = RULES.find(({ when }) => when(facts))
  if (rule !== undefined) return rule.outcome(facts)
  // A report with neither code nor signal is not the program's exit 0 but our fault. The protocol lets none through.
  const { code } = facts.report
  if (code === null) throw new Error('The agent reported an end without a code and without a signal')
  return { type: 'exited', exitCode: code, ...toHits(facts) }
}
