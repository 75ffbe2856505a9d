import type { createSubmissionSchema } from '@runnel/contract/public'
import type { Admissions } from '../access/admissions.ts'
import type { CountRequest } from '../access/rate-limit.ts'
import type { Backend } from '../backend.ts'
import type { Deployment } from '../jobs/create-job.ts'
import type { WhileConnected } from '../while-connected.ts'

/** What every route is given. */
export interface RouteOptions {
  readonly backend: Backend
  readonly deployment: Deployment
  readonly admissions: Admissions
  readonly count: CountRequest
  readonly submissionSchema: ReturnType<typeof createSubmissionSchema>
  readonly heartbeatMs: number
  /** Aborts when the server begins to close. */
  readonly closing: AbortSignal
  readonly whileConnected: WhileConnected
}
