import type { Intake } from '@runnel/output/intake'
import type { Subscriber } from '@runnel/output/subscriber'
import type { Redis } from '@runnel/process'
import type { Producer } from '@runnel/queue/producer'
import type { History, Keys, Tenants, Tickets, WorkerDirectory } from '@runnel/registry'

/** All that the API reaches through Redis. `redis` is the connection the others share, in the role `command`. */
export interface Backend {
  readonly redis: Redis
  readonly producer: Producer
  readonly intake: Intake
  readonly subscriber: Subscriber
  readonly history: History
  readonly workers: WorkerDirectory
  readonly keys: Keys
  readonly tenants: Tenants
  readonly tickets: Tickets
}
