import type { Redis } from '@runnel/redis'
import type {
  AccessTokens,
  BrowserRuns,
  JobIds,
  Keys,
  PreviewRequests,
  SandboxRecords,
  Sessions,
  StatsReader,
  Tenants,
  Tickets,
  WorkerDirectory,
} from '@runnel/registry'

/** The parts of the API that use Redis. They share the connection `redis`, in the role `command`. */
export interface Backend {
  readonly redis: Redis
  readonly browserRuns: BrowserRuns
  readonly workers: WorkerDirectory
  readonly jobIds: JobIds
  readonly sandboxIds: JobIds
  readonly accessTokens: AccessTokens
  readonly records: SandboxRecords
  readonly previewRequests: PreviewRequests
  readonly keys: Keys
  readonly tenants: Tenants
  readonly tickets: Tickets
  readonly stats: StatsReader
  readonly sessions: Sessions
}
