import { RequestError } from '@runnel/contract/public'
import { readKeyText } from '@runnel/registry'
import type { FastifyRequest } from 'fastify'
import { CALLER, type Caller, requireSubmissions } from '../access/caller.ts'
import type { CallerDirectory } from '../access/caller-directory.ts'
import { type Credentials, readCredentials } from '../access/credentials.ts'
import { findCaller } from '../access/find-caller.ts'
import { requireOutput } from '../access/output-rule.ts'
import type { CountRequest } from '../access/rate-limit.ts'
import type { Handshake } from './handshakes.ts'

const UNKNOWN =
  'Cannot identify the caller: connect with auth: { apiKey } or { ticket }, with Authorization: Bearer rnl_…, or with the cookie of a session'

/** What a client passes as `auth`. It counts more than headers, which a browser adds by itself. */
const readAuth = (auth: Readonly<Record<string, unknown>>, request: FastifyRequest): Credentials => {
  const { apiKey, ticket } = auth
  if (apiKey === undefined && ticket === undefined) return readCredentials(request)
  if (apiKey !== undefined && ticket !== undefined) return { type: 'unreadable' }
  if (typeof ticket === 'string') return { type: 'ticket', ticket, isInUrl: false }
  const parts = typeof apiKey === 'string' ? readKeyText(apiKey) : undefined
  return parts === undefined ? { type: 'unreadable' } : { type: 'key', parts }
}

/** Throws if the caller may not run programs here: what it gets is their output. */
export const requireRuns = (caller: Caller): void => {
  requireSubmissions(caller)
  requireOutput(caller, 'submit with POST /v1/jobs')
}

/** Who a client is, by its `auth` or by the first request of its session. Throws if it may not have a socket. */
export const identifySocket = async (
  handshake: Handshake,
  auth: Readonly<Record<string, unknown>>,
  options: { readonly callers: CallerDirectory; readonly count: CountRequest },
): Promise<Caller> => {
  const { callers, count } = options
  const { request } = handshake
  if (handshake.hasAsked) {
    throw new RequestError('invalid-request', 'Cannot identify this client twice: open another socket')
  }
  handshake.hasAsked = true
  const caller = await findCaller(callers, readAuth(auth, request), request, { takesTicket: true })
  if (caller === undefined) {
    await count(request)
    throw new RequestError('unauthorized', UNKNOWN)
  }
  requireRuns(caller)
  request.setDecorator(CALLER, caller)
  return caller
}
