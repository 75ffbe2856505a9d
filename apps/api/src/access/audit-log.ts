import type { AuditLog } from '@runnel/operations'
import type { FastifyRequest } from 'fastify'
import { callerOf } from './caller.ts'

/** Adds the key, the tenant and the address of the caller to each line of the audit log. */
export const auditLogOf =
  (request: FastifyRequest): AuditLog =>
  (action, details) => {
    const { keyId, tenant } = callerOf(request)
    request.log.info({ tenant: tenant.id, ...details, by: keyId, from: request.ip, requestId: request.id }, action)
  }
