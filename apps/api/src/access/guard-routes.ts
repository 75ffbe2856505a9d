import { RequestError } from '@runnel/contract/public'
import type { JobIds } from '@runnel/registry'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { CLIENT_GONE } from '../errors/framework-errors.ts'
import type { InputTurns } from '../input-turns.ts'
import { CALLER, requireJob, requireSandbox, requireScope, tenantOrAddress } from './caller.ts'
import type { CallerDirectory } from './caller-directory.ts'
import { type Credentials, readCredentials, refuseKeyInUrl } from './credentials.ts'
import { findCaller, UNKNOWN_CALLER, UNKNOWN_SESSION, UNKNOWN_TO_SANDBOX } from './find-caller.ts'
import type { CountRequest } from './rate-limit.ts'
import { SCOPES_OF } from './route-access.ts'
import { noSessionCookie } from './session-cookie.ts'
import type { CountStream } from './stream-quota.ts'

const readId = (params: unknown): string =>
  typeof params === 'object' && params !== null && 'id' in params ? String(params.id) : ''

/**
 * Guards every route that is registered after it, as the route's own access says. The caller is identified before anything of
 * the request is read, must be allowed to call this route, and reaches only jobs of its own tenant. No handler can forget it.
 */
export const guardRoutes = (
  app: FastifyInstance,
  options: {
    readonly callers: CallerDirectory
    readonly jobIds: JobIds
    readonly sandboxIds: JobIds
    readonly count: CountRequest
    readonly countStream: CountStream
    readonly inputTurns: InputTurns
  },
): void => {
  const { callers, jobIds, sandboxIds, count, countStream, inputTurns } = options

  /** A request that nobody waits for anymore when its turn comes is dropped. */
  const takeTurn = async (request: FastifyRequest): Promise<void> => {
    const turn = inputTurns.take(tenantOrAddress(request), 0)
    if (turn === undefined) return
    await turn
    if (request.raw.socket.destroyed) throw new RequestError(...CLIENT_GONE)
  }

  const refuse = async (request: FastifyRequest, reply: FastifyReply, { type }: Credentials): Promise<never> => {
    reply.header('www-authenticate', 'Bearer')
    if (type === 'session') reply.header('set-cookie', noSessionCookie(request))
    await takeTurn(request)
    await count(request, reply)
    const isInSandbox = request.routeOptions.config.resource === 'sandbox'
    const message = type === 'session' ? UNKNOWN_SESSION : isInSandbox ? UNKNOWN_TO_SANDBOX : UNKNOWN_CALLER
    throw new RequestError('unauthorized', message)
  }

  app.addHook('onRequest', async (request, reply) => {
    if (request.is404) return takeTurn(request)
    const { scope, resource, submits, stream, signedFor } = request.routeOptions.config
    if (scope === 'none') return takeTurn(request)
    refuseKeyInUrl(request.url)
    const credentials = readCredentials(request, resource === 'sandbox' ? { signedFor } : undefined)
    // A WebSocket in a browser cannot send a header. Everything else can, and URLs are in logs.
    const takesTicket = stream && (request.ws || (credentials.type === 'ticket' && !credentials.isInUrl))
    const id = readId(request.params)
    const caller = await findCaller(callers, credentials, request, { takesTicket, sandboxId: id })
    if (caller === undefined) return refuse(request, reply, credentials)
    request.setDecorator(CALLER, caller)
    await takeTurn(request)
    for (const needed of SCOPES_OF[scope]) requireScope(caller, needed)
    if (resource === 'job') await requireJob(jobIds, caller, id)
    if (resource === 'sandbox') await requireSandbox(sandboxIds, caller, id)
    if (submits) await count(request, reply)
    if (stream) countStream(caller, request.ws ? request.raw.socket : reply.raw)
  })
}
