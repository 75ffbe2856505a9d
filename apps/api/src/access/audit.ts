import type { FastifyRequest } from 'fastify'
import { callerOf } from './caller.ts'

/** Writes down what was done: one line of the log, with by whose key, for which tenant and from where. No secret is told to it. */
export type Audit = (what: string, details: Readonly<Record<string, unknown>>) => void

export const auditOf =
  (request: FastifyRequest): Audit =>
  (what, details) => {
    const { keyId, tenant } = callerOf(request)
    request.log.info({ tenant: tenant.id, ...details, by: keyId, from: request.ip, requestId: request.id }, what)
  }
