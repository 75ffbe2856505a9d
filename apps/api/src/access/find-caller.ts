import type { FastifyRequest } from 'fastify'
import { refuseForeignHost } from '../browser-guard.ts'
import type { Caller } from './caller.ts'
import type { CallerDirectory } from './caller-directory.ts'
import type { Credentials } from './credentials.ts'

/** One sentence for every reason, so that it does not show which keys exist. */
export const UNKNOWN_CALLER = 'Cannot identify the caller: send a valid key, as Authorization: Bearer rnl_…'

/** Who a request or a handshake is from. Undefined if its credentials are not valid here. */
export const findCaller = async (
  callers: CallerDirectory,
  credentials: Credentials,
  request: FastifyRequest,
  takesTicket: boolean,
): Promise<Caller | undefined> => {
  const { headers } = request
  switch (credentials.type) {
    case 'key':
      return callers.byKey(credentials.parts)
    case 'ticket':
      return takesTicket ? callers.byTicket(credentials.ticket, headers.origin) : undefined
    case 'none': {
      const caller = await callers.withoutKey()
      if (caller !== undefined) refuseForeignHost(headers.host)
      return caller
    }
    case 'unreadable':
      return undefined
  }
}
