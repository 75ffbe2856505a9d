import { RunnelConnectionError, RunnelError, RunnelTicketError } from './errors.ts'
import type { Link } from './link.ts'
import type { TicketNeed } from './options.ts'

/** Throws if the client has only tickets: they open streams of events, and nothing else. */
export const requireAllJobs = ({ getTicket }: Pick<Link, 'getTicket'>, what: string): void => {
  if (getTicket === undefined) return
  throw new RunnelTicketError(
    `Cannot ${what} with a ticket: it allows to submit, follow, write to and cancel jobs; ask your own server for the rest`,
  )
}

/** A fresh ticket. A failure of `getTicket` may pass, unless it says itself that it does not, with an error of this package. */
export const askForTicket = async (
  getTicket: (need: TicketNeed) => Promise<string>,
  need: TicketNeed,
): Promise<string> => {
  let ticket: unknown
  try {
    ticket = await getTicket(need)
  } catch (cause) {
    if (cause instanceof RunnelError) throw cause
    throw new RunnelConnectionError('getTicket failed, so no connection to Runnel could be opened', { cause })
  }
  if (typeof ticket === 'string' && ticket !== '') return ticket
  throw new RunnelTicketError('getTicket gave no ticket: resolve with the `ticket` of the answer of POST /v1/tickets')
}
