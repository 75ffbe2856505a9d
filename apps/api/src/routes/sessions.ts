import { type CallerFacts, callerSchema, RequestError, type Session, sessionListSchema } from '@runnel/contract/public'
import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { auditLogOf } from '../access/audit-log.ts'
import { type Caller, callerOf } from '../access/caller.ts'
import { toDevice } from '../access/device.ts'
import { noSessionCookie, readSessionCookie, toSessionCookie } from '../access/session-cookie.ts'
import { refuseOtherPages } from '../browser-guard.ts'
import { errorAnswers } from './answers.ts'
import type { RouteOptions } from './route-options.ts'

const paramsSchema = z.strictObject({ id: z.string() })
const ACCESS = { scope: 'any', resource: 'none', submits: false, stream: false } as const

/** A browser that is signed in, or a key that signs one in. */
const requireKeyId = ({ keyId }: Caller): string => {
  if (keyId !== null) return keyId
  throw new RequestError('invalid-request', 'Cannot sign in: there are no keys yet, and this machine needs none')
}

export const sessionsRoutes: FastifyPluginAsyncZod<Pick<RouteOptions, 'backend'>> = async (app, { backend }) => {
  const { keys, sessions } = backend

  /** What a caller gets to know of itself. `session`: the one that was made just now. */
  const describe = async (caller: Caller, session?: Session): Promise<CallerFacts> => {
    const { tenant, scopes, keyId, sessionId } = caller
    const key = keyId === null ? undefined : (await keys.find(keyId))?.key
    const found =
      session ??
      (keyId !== null && sessionId !== undefined ? (await sessions.find(keyId, sessionId))?.session : undefined)
    return {
      tenant: tenant.id,
      scopes: [...scopes],
      key: key === undefined ? null : { id: key.id, name: key.name },
      session: found === undefined ? null : { ...found, isCurrent: true },
    }
  }

  /** Ends the session of the request's cookie: a new one replaces it. */
  const endOldSession = async (request: FastifyRequest): Promise<void> => {
    const parts = readSessionCookie(request)
    if (parts === 'none' || parts === 'unreadable') return
    const old = await sessions.find(parts.keyId, parts.id)
    if (old?.isSecret(parts.secret)) await sessions.end(parts.keyId, parts.id)
  }

  app.get(
    '/v1/caller',
    {
      config: ACCESS,
      schema: {
        summary: 'Ask who one is',
        description: 'Tenant and scopes of the caller, its key, and its session if it has one.',
        tags: ['access'],
        response: { 200: callerSchema, ...errorAnswers(403, 503) },
      },
    },
    (request) => describe(callerOf(request)),
  )

  app.post(
    '/v1/sessions',
    {
      config: ACCESS,
      schema: {
        summary: 'Sign a browser in',
        description: [
          'Send a key, without a body. The answer sets a cookie that the browser sends by itself from then on; it may do what the key',
          'may, only for pages of this server, and ends with the key. Pages of other origins use tickets.',
        ].join('\n'),
        tags: ['access'],
        response: { 201: callerSchema, ...errorAnswers(400, 403, 503) },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request)
      if (caller.sessionId !== undefined) {
        throw new RequestError(
          'invalid-request',
          'Cannot sign in with a session: send a key, as Authorization: Bearer rnl_…',
        )
      }
      const keyId = requireKeyId(caller)
      // A program may sign in too, but a page must be of this server: no other one gets to choose who a browser is here.
      const { origin, 'sec-fetch-site': site } = request.headers
      if (origin !== undefined || site !== undefined) refuseOtherPages(request, { mustSay: true })
      await endOldSession(request)
      const { session, text } = await sessions.create(keyId, toDevice(request.headers['user-agent']))
      auditLogOf(request)('A browser signed in', { sessionId: session.id, device: session.device })
      const facts = await describe(caller, { ...session, isCurrent: true })
      return reply
        .code(201)
        .header('set-cookie', toSessionCookie(request, text, session.expiresAt))
        .send(facts)
    },
  )

  app.get(
    '/v1/sessions',
    {
      config: ACCESS,
      schema: {
        summary: 'List the browsers that are signed in',
        description: 'All that were signed in with the same key, the last used first.',
        tags: ['access'],
        response: { 200: sessionListSchema, ...errorAnswers(403, 503) },
      },
    },
    async (request) => {
      const { keyId, sessionId } = callerOf(request)
      const kept = keyId === null ? [] : await sessions.list(keyId)
      return { sessions: kept.map((session) => ({ ...session, isCurrent: session.id === sessionId })) }
    },
  )

  app.delete(
    '/v1/sessions/:id',
    {
      config: { ...ACCESS, resource: 'session' },
      schema: {
        summary: 'Sign a browser out',
        description:
          "Within five seconds it is refused everywhere, and its streams are closed. It must be of the caller's key.",
        tags: ['access'],
        params: paramsSchema,
        response: { 204: z.void(), ...errorAnswers(403, 404, 503) },
      },
    },
    async (request, reply) => {
      const { keyId, sessionId } = callerOf(request)
      const { id } = request.params
      if (keyId === null || !(await sessions.end(keyId, id))) {
        throw new RequestError('not-found', 'There is no session with this id, or it is of another key')
      }
      auditLogOf(request)('A browser was signed out', { sessionId: id })
      if (id === sessionId) reply.header('set-cookie', noSessionCookie(request))
      return reply.code(204).send()
    },
  )

  app.delete(
    '/v1/sessions',
    {
      config: ACCESS,
      schema: {
        summary: 'Sign all browsers out',
        description: "Those of the caller's key, its own too.",
        tags: ['access'],
        response: { 204: z.void(), ...errorAnswers(403, 503) },
      },
    },
    async (request, reply) => {
      const { keyId } = callerOf(request)
      if (keyId !== null) {
        await sessions.endAll(keyId)
        auditLogOf(request)('All browsers of a key were signed out', { keyId })
      }
      return reply.code(204).header('set-cookie', noSessionCookie(request)).send()
    },
  )
}
