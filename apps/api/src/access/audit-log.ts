import type { AuditLog } from '@runnel/operations'
import type { FastifyRequest } from 'fastify'
import { callerOf } from './caller.ts'

/** Adds to each line of the audit log by whose key, for which tenant and from where. */
export const auditLogOf =
  (request: FastifyRequest): AuditLog =>
  (action, details) => {
    const { keyId, tenant } = callerOf(request)
    request.log.info({ tenant: tenant.id, ...details, by: keyId, from: request.ip, requestId: request.id }, action)
  }
