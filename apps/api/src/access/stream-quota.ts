import { RequestError } from '@runnel/contract/public'
import type { Caller } from './caller.ts'

/** Counts an open stream until it closes: a WebSocket, a socket of socket.io, or an answer of events. Throws if its tenant has too many. */
export type CountStream = (caller: Caller, stream: { once(event: 'close', listener: () => void): unknown }) => void

/** How many streams each tenant may have open on this server. */
export const createStreamQuota = (
  maximum: number,
  /** Counts the streams of all tenants together, for /metrics. */
  openStreams: { inc(): void; dec(): void },
): CountStream => {
  const open = new Map<string, number>()
  return ({ tenant: { id } }, stream) => {
    const count = open.get(id) ?? 0
    if (count >= maximum) {
      throw new RequestError(
        'too-many-subscriptions',
        `Cannot open another stream: ${maximum} of this tenant's are open here, which is the maximum; close some, or follow many jobs on one WebSocket with GET /v1/stream`,
      )
    }
    open.set(id, count + 1)
    openStreams.inc()
    stream.once('close', () => {
      openStreams.dec()
      const left = (open.get(id) ?? 1) - 1
      if (left === 0) open.delete(id)
      else open.set(id, left)
    })
  }
}
