import type { createSubmissionSchema, LimitsPolicy, SandboxPolicy, ServePolicy } from '@runnel/contract/public'
import type { Operations, SandboxOperations } from '@runnel/operations'
import type { JobRecorder } from '@runnel/registry'
import type { CallerDirectory } from '../access/caller-directory.ts'
import type { CountRequest } from '../access/rate-limit.ts'
import type { Backend } from '../backend.ts'
import type { InputTurns } from '../input-turns.ts'
import type { ApiMetrics } from '../metrics.ts'
import type { PreviewDomain } from '../previews/preview-domain.ts'
import type { WhileConnected } from '../while-connected.ts'

/** The parts that every route gets. */
export interface RouteOptions {
  readonly operations: Operations
  readonly sandboxes: SandboxOperations
  readonly backend: Backend
  readonly recorder: JobRecorder
  readonly metrics: ApiMetrics
  /** The limits that this deployment grants. */
  readonly policy: LimitsPolicy
  readonly sandboxPolicy: SandboxPolicy
  readonly previewDomain: PreviewDomain
  readonly servePolicy: ServePolicy
  readonly callers: CallerDirectory
  readonly count: CountRequest
  readonly inputTurns: InputTurns
  readonly submissionSchema: ReturnType<typeof createSubmissionSchema>
  readonly heartbeatMs: number
  /** See `text-frame.ts`. */
  readonly sharesFrames: boolean
  /** Aborts when the server starts to close. */
  readonly closing: AbortSignal
  readonly whileConnected: WhileConnected
}
