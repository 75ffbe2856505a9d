import type { Requester } from '@runnel/operations'
import type { FastifyRequest } from 'fastify'
import { auditLogOf } from './audit-log.ts'
import { callerOf } from './caller.ts'

/** The caller of a request, as the operations need it. */
export const requesterOf = (request: FastifyRequest): Requester => {
  const { tenant, keyId } = callerOf(request)
  return { tenant, keyId, auditLog: auditLogOf(request) }
}
