import { RequestError } from '@runnel/contract/public'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { refuseForeignHost } from '../browser-guard.ts'
import { CALLER, type Caller, requireJob, requireScope } from './caller.ts'
import type { CallerDirectory } from './caller-directory.ts'
import { type Credentials, readCredentials, refuseKeyInUrl } from './credentials.ts'
import type { CountRequest } from './rate-limit.ts'
import type { CountStream } from './stream-quota.ts'

/** One sentence for every reason, so that it does not show which keys exist. */
const UNKNOWN = 'Cannot identify the caller: send a valid key, as Authorization: Bearer rnl_…'

const findCaller = async (
  callers: CallerDirectory,
  credentials: Credentials,
  request: FastifyRequest,
): Promise<Caller | undefined> => {
  const { headers, ws: isSocket, routeOptions } = request
  switch (credentials.type) {
    case 'key':
      return callers.byKey(credentials.parts)
    case 'ticket':
      return routeOptions.config.stream && isSocket ? callers.byTicket(credentials.ticket, headers.origin) : undefined
    case 'none': {
      const caller = await callers.withoutKey()
      if (caller !== undefined) refuseForeignHost(headers.host)
      return caller
    }
    case 'unreadable':
      return undefined
  }
}

const readId = (params: unknown): string =>
  typeof params === 'object' && params !== null && 'id' in params ? String(params.id) : ''

/**
 * Guards every route that is registered after it, as the route's own access says. The caller is identified before anything of
 * the request is read, must be allowed to call this route, and reaches only jobs of its own tenant. No handler can forget it.
 */
export const guardRoutes = (
  app: FastifyInstance,
  options: { readonly callers: CallerDirectory; readonly count: CountRequest; readonly countStream: CountStream },
): void => {
  const { callers, count, countStream } = options

  const refuse = async (request: FastifyRequest, reply: FastifyReply): Promise<never> => {
    reply.header('www-authenticate', 'Bearer')
    await count(request, reply)
    throw new RequestError('unauthorized', UNKNOWN)
  }

  app.addHook('onRequest', async (request, reply) => {
    if (request.is404) return
    const { scope, resource, submits, stream } = request.routeOptions.config
    if (scope === 'none') return
    refuseKeyInUrl(request.url)
    const caller = await findCaller(callers, readCredentials(request), request)
    if (caller === undefined) return refuse(request, reply)
    request.setDecorator(CALLER, caller)
    if (scope !== 'any') requireScope(caller, scope)
    if (resource === 'job') requireJob(caller, readId(request.params))
    if (submits) await count(request, reply)
    if (stream) countStream(request, reply)
  })
}
