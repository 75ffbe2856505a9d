import { isBrowser, type TicketNeed } from './options.ts'
import { createStreamSocket, type StreamSocket } from './stream-socket.ts'
import { askForTicket } from './tickets.ts'
import type { WakeUp } from './wake-up.ts'

/** A socket that stays open at least until it is released. */
interface SocketLease {
  readonly socket: StreamSocket
  readonly release: () => void
}

/**
 * The open WebSockets of one client. Usually there is one, for all jobs. There are more if
 *
 *   - more than 64 jobs are followed, or one job twice: the server's bounds for one socket;
 *   - a job is not covered by the ticket of the open ones.
 *
 * A socket that nobody uses is closed after a while, so that a program that is done can end.
 */
export interface SocketPool {
  /** For following `jobId`. */
  forFollowing(jobId: string): SocketLease
  /** For frames about `jobId`. */
  forJob(jobId: string): SocketLease
  /** For submissions. */
  forSubmission(): SocketLease
  /** An open socket on which frames about `jobId` may be sent now; undefined if there is none. */
  findOpen(jobId: string): SocketLease | undefined
  /** The ticket of this socket allows `jobId` too, because it was submitted there. */
  cover(socket: StreamSocket, jobId: string): void
  /** Closes them all. */
  close(): void
}

const FOLLOWED_PER_SOCKET = 64
/** An open socket keeps a Node process alive. A page is left open, and often runs something again. */
const IDLE_MS = isBrowser() ? 30_000 : 250

interface Entry {
  readonly socket: StreamSocket
  /** Jobs that are followed on it, or will be. */
  readonly following: Set<string>
  /** What its ticket allows; without tickets, everything. */
  readonly jobIds: Set<string> | undefined
  submissions: boolean
  isTicketAsked: boolean
  leases: number
  idle: ReturnType<typeof setTimeout> | undefined
}

export const createSocketPool = (options: {
  readonly baseUrl: string
  /** A header of the handshake, where the platform can send one. */
  readonly authorization: string | undefined
  readonly getTicket: ((need: TicketNeed) => Promise<string>) | undefined
  readonly wakeUp: WakeUp
}): SocketPool => {
  const { baseUrl, authorization, getTicket, wakeUp } = options
  const address = `${baseUrl.replace(/^http/, 'ws')}/v1/stream`
  const entries = new Set<Entry>()
  let stopListening: (() => void) | undefined

  const connect = async (entry: () => Entry): Promise<WebSocket> => {
    if (getTicket === undefined) {
      // Node's WebSocket takes headers, which the types of a browser's do not have.
      return authorization === undefined
        ? new WebSocket(address)
        : Reflect.construct(WebSocket, [address, { headers: { authorization } }])
    }
    // Jobs that are followed in the same turn get one ticket together.
    await Promise.resolve()
    const { jobIds = new Set(), submissions } = entry()
    entry().isTicketAsked = true
    const ticket = await askForTicket(getTicket, { jobIds: [...jobIds], submissions })
    return new WebSocket(`${address}?ticket=${encodeURIComponent(ticket)}`)
  }

  const open = (): Entry => {
    const socket = createStreamSocket({
      connect: () => connect(() => entry),
      onClose() {
        clearTimeout(entry.idle)
        entries.delete(entry)
        if (entries.size > 0) return
        stopListening?.()
        stopListening = undefined
      },
    })
    const entry: Entry = {
      socket,
      following: new Set(),
      jobIds: getTicket === undefined ? undefined : new Set(),
      submissions: false,
      isTicketAsked: false,
      leases: 0,
      idle: undefined,
    }
    entries.add(entry)
    stopListening ??= wakeUp.listen(() => {
      for (const one of entries) if (one.socket.state === 'open') one.socket.check()
    })
    return entry
  }

  /** Whether frames about the job may be sent on it. A ticket that was not asked for yet can still name it. */
  const covers = ({ jobIds, isTicketAsked }: Entry, jobId: string): boolean =>
    jobIds === undefined || jobIds.has(jobId) || (!isTicketAsked && jobIds.size < FOLLOWED_PER_SOCKET)

  const lease = (entry: Entry, onEnd: () => void = () => {}): SocketLease => {
    entry.leases += 1
    clearTimeout(entry.idle)
    let hasEnded = false
    return {
      socket: entry.socket,
      release() {
        if (hasEnded) return
        hasEnded = true
        entry.leases -= 1
        onEnd()
        if (entry.leases === 0 && entry.socket.state !== 'closed')
          entry.idle = setTimeout(() => entry.socket.close(), IDLE_MS)
      },
    }
  }
  const find = (isGood: (entry: Entry) => boolean): Entry | undefined => [...entries].find(isGood)

  return {
    forFollowing(jobId) {
      const entry =
        find((one) => covers(one, jobId) && !one.following.has(jobId) && one.following.size < FOLLOWED_PER_SOCKET) ??
        open()
      entry.following.add(jobId)
      entry.jobIds?.add(jobId)
      return lease(entry, () => void entry.following.delete(jobId))
    },
    forJob(jobId) {
      const entry = find((one) => covers(one, jobId)) ?? open()
      entry.jobIds?.add(jobId)
      return lease(entry)
    },
    forSubmission() {
      const entry = find((one) => one.jobIds === undefined || one.submissions || !one.isTicketAsked) ?? open()
      entry.submissions = true
      return lease(entry)
    },
    findOpen(jobId) {
      const entry = find((one) => one.socket.state === 'open' && (one.jobIds?.has(jobId) ?? true))
      return entry === undefined ? undefined : lease(entry)
    },
    cover(socket, jobId) {
      find((one) => one.socket === socket)?.jobIds?.add(jobId)
    },
    close() {
      for (const { socket } of [...entries]) socket.close()
    },
  }
}
