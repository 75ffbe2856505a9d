import { RequestError, type Scope, type Tenant } from '@runnel/contract/public'
import { jobNotFound, sandboxNotFound } from '@runnel/operations'
import type { JobIds } from '@runnel/registry'
import type { FastifyRequest } from 'fastify'

/** The sender of a request, and what it may do. */
export interface Caller {
  readonly tenant: Tenant
  readonly scopes: readonly Scope[]
  /** null if there are no keys yet: then it is a program of this machine. */
  readonly keyId: string | null
  /** Of the browser that is signed in with that key; undefined if the key itself was sent. */
  readonly sessionId?: string
  /** What a ticket allows of its tenant's jobs; undefined: all of them. */
  readonly ticket?: {
    readonly jobIds: Set<string>
    /** Whether jobs may be submitted; each then becomes one of `jobIds`. */
    readonly submissions: boolean
  }
  /** It came with the access token of this sandbox, or a URL signed with it, and may reach nothing else. */
  readonly sandboxId?: string
}

/** The request's decorator that holds the caller, after it is known. */
export const CALLER = 'caller'

export const callerOf = (request: FastifyRequest): Caller => request.getDecorator<Caller>(CALLER)

/** Who a request counts for, where tenants take turns. A public route knows no caller. */
export const tenantOrAddress = (request: FastifyRequest): string =>
  request.getDecorator<Caller | null>(CALLER)?.tenant.id ?? request.ip

export const requireScope = ({ scopes, ticket }: Caller, scope: Scope): void => {
  if (scopes.includes(scope)) return
  const what = ticket === undefined ? 'key' : 'ticket'
  throw new RequestError('forbidden', `This ${what} may not ${scope}: it has the scopes ${scopes.join(', ')}`)
}

export const requireSubmissions = (caller: Caller): void => {
  requireScope(caller, 'submit')
  if (caller.ticket?.submissions !== false) return
  throw new RequestError('forbidden', 'This ticket may not submit: ask for one with submissions: true')
}

/** The same for a sandbox. */
export const requireSandbox = async (sandboxIds: JobIds, { tenant, sandboxId }: Caller, id: string): Promise<void> => {
  if ((await sandboxIds.isOf(tenant.id, id)) && (sandboxId === undefined || sandboxId === id)) return
  throw sandboxNotFound()
}

/** A job of another tenant gets the same answer as one that never existed, with the same work: Redis is not asked. */
export const requireJob = async (jobIds: JobIds, { tenant, ticket }: Caller, jobId: string): Promise<void> => {
  if ((await jobIds.isOf(tenant.id, jobId)) && (ticket === undefined || ticket.jobIds.has(jobId))) return
  throw jobNotFound()
}
