import type { FollowOptions, Transport } from './follow.ts'
import type { Http } from './http.ts'
import type { TicketNeed } from './options.ts'
import type { SocketPool } from './socket-pool.ts'
import type { WakeUp } from './wake-up.ts'

/** How one client reaches its API. */
export interface Link {
  readonly http: Http
  readonly pool: SocketPool
  readonly wakeUp: WakeUp
  /** The caller's own; undefined with a key or a cookie. */
  readonly getTicket: ((need: TicketNeed) => Promise<string>) | undefined
  chooseTransport(wanted: FollowOptions['transport']): Transport
  canFallBack(wanted: FollowOptions['transport']): boolean
  /** A WebSocket opened; or it did not, where HTTP did. */
  noteSocket(works: boolean): void
  /** Keeps a connection until the job is seen to finish, or the client is closed. */
  hold(jobId: string, release: () => void): void
  noteFinished(jobId: string): void
}

/** How long WebSockets are not tried again after one was refused where HTTP was not. */
const REFUSED_MS = 60_000

export const createLink = (parts: Pick<Link, 'http' | 'pool' | 'wakeUp' | 'getTicket'>): Link => {
  let refusedUntil = 0
  const held = new Map<string, () => void>()
  return {
    ...parts,
    chooseTransport(wanted = 'auto') {
      if (wanted !== 'auto') return wanted
      return typeof WebSocket === 'undefined' || performance.now() < refusedUntil ? 'ndjson' : 'websocket'
    },
    canFallBack: (wanted = 'auto') => wanted === 'auto',
    noteSocket(works) {
      refusedUntil = works ? 0 : performance.now() + REFUSED_MS
    },
    hold: (jobId, release) => void held.set(jobId, release),
    noteFinished(jobId) {
      held.get(jobId)?.()
      held.delete(jobId)
    },
  }
}
