import type { SandboxPolicy, ServePolicy } from '@runnel/contract/public'
import type { Gateway } from '@runnel/gateway/client'
import type { AccessTokens, PreviewRequests, SandboxStates, WorkerDirectory } from '@runnel/registry'
import type { OperationParts } from '../parts.ts'

/** What the operations on sandboxes use, besides what jobs use. */
export interface SandboxParts extends OperationParts {
  readonly accessTokens: AccessTokens
  readonly states: SandboxStates
  readonly gateway: Gateway
  readonly previewRequests: Pick<PreviewRequests, 'list'>
  readonly workers: Pick<WorkerDirectory, 'sandboxRoom'>
  /** The bounds that this deployment grants. */
  readonly sandboxPolicy: SandboxPolicy
  /** The same for the times of jobs that serve. */
  readonly servePolicy: ServePolicy
  /** How many sandboxes of one tenant may live at once, unless the tenant has a bound of its own. */
  readonly sandboxesPerTenant: number
}
