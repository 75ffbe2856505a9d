import type { Redis } from '@runnel/redis'
import type { Keys, Tenants, Tickets, WorkerDirectory } from '@runnel/registry'

/** What the API itself keeps in Redis. `redis` is the connection that the others share, in the role `command`. */
export interface Backend {
  readonly redis: Redis
  readonly workers: WorkerDirectory
  readonly keys: Keys
  readonly tenants: Tenants
  readonly tickets: Tickets
}
