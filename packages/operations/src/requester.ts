import type { Tenant } from '@runnel/contract/public'

/** Writes one line to the audit log: what was done, and by whom. The details contain no secret. */
export type AuditLog = (action: string, details: Readonly<Record<string, unknown>>) => void

/** The caller of an operation. */
export interface Requester {
  readonly tenant: Tenant
  /** The key that it called with; null if there are no keys yet. */
  readonly keyId: string | null
  readonly auditLog: AuditLog
}
