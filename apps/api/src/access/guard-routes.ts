import { RequestError } from '@runnel/contract/public'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { refuseForeignHost } from '../browser-guard.ts'
import type { Admissions } from './admissions.ts'
import { CALLER, type Caller, requireJob, requireScope } from './caller.ts'
import { type Credentials, readCredentials, refuseKeyInUrl } from './credentials.ts'
import type { CountRequest } from './rate-limit.ts'
import { findRule, type RouteRule } from './route-scopes.ts'
import type { TakeStreamRoom } from './stream-room.ts'

/** One sentence for every reason, so that it tells nothing of which key there is. */
const UNKNOWN = 'Cannot tell who is asking: send a key that is good here, as Authorization: Bearer rnl_…'

const findCaller = async (
  admissions: Admissions,
  credentials: Credentials,
  request: FastifyRequest,
  { isStream }: RouteRule,
): Promise<Caller | undefined> => {
  const { headers, ws: isSocket } = request
  switch (credentials.type) {
    case 'key':
      return admissions.byKey(credentials.parts)
    case 'ticket':
      return isStream && isSocket ? admissions.byTicket(credentials.ticket, headers.origin) : undefined
    case 'none': {
      const caller = await admissions.withoutKey()
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
 * Guards every route that is registered on `app` after it: who asks is known before anything of the request is read,
 * may call this route, and reaches only jobs of its own tenant. No handler has to think of it, and none can forget.
 */
export const guardRoutes = (
  app: FastifyInstance,
  {
    admissions,
    count,
    takeStreamRoom,
  }: { readonly admissions: Admissions; readonly count: CountRequest; readonly takeStreamRoom: TakeStreamRoom },
): void => {
  const rules = new Map<string, RouteRule>()
  app.addHook('onRoute', ({ method, url }) => {
    for (const each of [method].flat()) rules.set(`${each} ${url}`, findRule(each, url))
  })

  const refuse = async (request: FastifyRequest, reply: FastifyReply): Promise<never> => {
    reply.header('www-authenticate', 'Bearer')
    await count(request, reply)
    throw new RequestError('unauthorized', UNKNOWN)
  }

  app.addHook('onRequest', async (request, reply) => {
    const rule = rules.get(`${request.method} ${request.routeOptions.url}`)
    if (rule === undefined) throw new Error(`Nothing says who may call ${request.method} ${request.routeOptions.url}`)
    refuseKeyInUrl(request.url)
    const caller = await findCaller(admissions, readCredentials(request), request, rule)
    if (caller === undefined) return refuse(request, reply)
    request.setDecorator(CALLER, caller)
    if (rule.scope !== 'any') requireScope(caller, rule.scope)
    if (rule.isOfJob) requireJob(caller, readId(request.params))
    if (rule.submits) await count(request, reply)
    if (rule.isStream) takeStreamRoom(request, reply)
  })
}
