import type { FastifyRequest } from 'fastify'
import { refuseForeignHost, refuseOtherPages } from '../browser-guard.ts'
import type { Caller } from './caller.ts'
import type { CallerDirectory } from './caller-directory.ts'
import type { Credentials } from './credentials.ts'

/** One sentence for every reason, so that it does not show which keys exist. */
export const UNKNOWN_CALLER = 'Cannot identify the caller: send a valid key, as Authorization: Bearer rnl_…'

/** Below one sandbox, which its own token opens too. */
export const UNKNOWN_TO_SANDBOX =
  'Cannot identify the caller: send a valid key, as Authorization: Bearer rnl_…, or the access token of this sandbox, as Authorization: Bearer sbt_…'

/** For a session cookie: its holder has signed in before, so the sentence says what happened. */
export const UNKNOWN_SESSION = 'Cannot identify the caller: its session has ended; sign in again'

/** Without a key, a browser on this machine identifies any of its pages. */
const findLocal = async (callers: CallerDirectory, request: FastifyRequest): Promise<Caller | undefined> => {
  const caller = await callers.withoutKey()
  if (caller === undefined) return undefined
  refuseForeignHost(request.headers.host)
  refuseOtherPages(request, { mustSay: false })
  return caller
}

/** Who a request or a handshake is from. Undefined if its credentials are not valid here. */
export const findCaller = async (
  callers: CallerDirectory,
  credentials: Credentials,
  request: FastifyRequest,
  /** `sandboxId`: of the URL, where a route is below a sandbox. */
  { takesTicket, sandboxId = '' }: { readonly takesTicket: boolean; readonly sandboxId?: string },
): Promise<Caller | undefined> => {
  const { headers } = request
  switch (credentials.type) {
    case 'key':
      return callers.byKey(credentials.parts)
    case 'ticket':
      return takesTicket ? callers.byTicket(credentials.ticket, headers.origin) : undefined
    case 'access-token':
      return callers.byAccessToken(sandboxId, credentials.token)
    case 'signature':
      return callers.bySignature({ sandboxId, ...credentials.use }, credentials.signature)
    case 'session': {
      const caller = credentials.parts === undefined ? undefined : await callers.bySession(credentials.parts)
      // A cookie of an earlier installation at this address.
      if (caller === undefined) return findLocal(callers, request)
      refuseOtherPages(request, { mustSay: true })
      return caller
    }
    case 'none':
      return findLocal(callers, request)
    case 'unreadable':
      return undefined
  }
}
