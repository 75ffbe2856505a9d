import type { createSubmissionSchema } from '@runnel/contract'
import type { Language } from '@runnel/languages'
import type { Backend } from '../backend.ts'
import type { WhileConnected } from '../while-connected.ts'

/** What every route is given. */
export interface RouteOptions {
  readonly backend: Backend
  /** What this deployment runs. */
  readonly languages: readonly Language[]
  readonly submissionSchema: ReturnType<typeof createSubmissionSchema>
  readonly heartbeatMs: number
  /** Aborts when the server begins to close. */
  readonly closing: AbortSignal
  readonly whileConnected: WhileConnected
}
