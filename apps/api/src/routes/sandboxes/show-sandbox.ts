import type { Sandbox } from '@runnel/contract/public'
import type { FastifyRequest } from 'fastify'
import { callerOf } from '../../access/caller.ts'

/** The sandbox as the caller may see it: a caller with its access token has that already, and gets no other. */
export const showSandbox = (request: FastifyRequest, sandbox: Sandbox): Sandbox => {
  if (callerOf(request).sandboxId === undefined) return sandbox
  const { accessToken: _, ...rest } = sandbox
  return rest
}
