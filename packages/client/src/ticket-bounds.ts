import { RunnelTicketError } from './errors.ts'
import type { Link } from './link.ts'

/** Throws if the client has only tickets: they open streams of events, and nothing else. */
export const requireAllJobs = ({ getTicket }: Pick<Link, 'getTicket'>, what: string): void => {
  if (getTicket === undefined) return
  throw new RunnelTicketError(
    `Cannot ${what} with a ticket: it allows to submit, follow, write to and cancel jobs; ask your own server for the rest`,
  )
}
