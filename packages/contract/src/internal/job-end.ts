import type { Outcome, Usage } from '../public/outcome.ts'

/** How a job ended, as its log says. */
export interface JobEnd {
  /** How many times a worker had taken it. */
  readonly attempt: number
  /** When the last attempt started, ISO 8601. Absent if that never happened. */
  readonly startedAt?: string
  readonly finishedAt: string
  readonly outcome: Outcome
  /** null if the program never started. */
  readonly usage: Usage | null
}
