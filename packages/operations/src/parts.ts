import type { FileBounds, Files } from '@runnel/blobs'
import type { LimitsPolicy } from '@runnel/contract/public'
import type { JobLanguage } from '@runnel/languages'
import type { LogWriter } from '@runnel/output/log-writer'
import type { SiteLog } from '@runnel/output/site-log'
import type { Subscriber } from '@runnel/output/subscriber'
import type { Producer } from '@runnel/queue/producer'
import type { Redis } from '@runnel/redis'
import type { History, JobIds, JobRecorder, Keys, Programs, SandboxRecords, Sites, TenantCount } from '@runnel/registry'

/** The parts that the operations use. */
export interface OperationParts {
  /** The command connection that the other parts share. */
  readonly redis: Pick<Redis, 'status'>
  readonly producer: Producer
  readonly logWriter: LogWriter
  readonly subscriber: Subscriber
  readonly history: History
  /** Of jobs that have sandboxes of their own. */
  readonly programs: Programs
  readonly sandboxIds: JobIds
  readonly records: SandboxRecords
  /** Sandboxes of HTML, which no worker has, and their logs. */
  readonly sites: Sites
  readonly siteLog: SiteLog
  readonly keys: Pick<Keys, 'names'>
  readonly jobIds: JobIds
  readonly tenantCount: Pick<TenantCount, 'read'>
  readonly files: Files
  /** What a tenant may keep that has no bounds of its own. */
  readonly fileBounds: FileBounds
  /** The largest file. */
  readonly maxFileBytes: number
  /** The languages that this deployment runs. */
  readonly languages: readonly JobLanguage[]
  /** The limits that this deployment grants. */
  readonly policy: LimitsPolicy
  /** Counts the jobs that are accepted, and those that the API ends. */
  readonly recorder: JobRecorder
  readonly log: { error(details: object, message: string): void }
}
