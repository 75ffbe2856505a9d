import { toPauseMs } from './back-off.ts'
import type { JobEvent } from './contract.ts'
import { isPassing, RunnelApiError, RunnelConnectionError, RunnelFollowError } from './errors.ts'
import { followByHttp } from './follow-by-http.ts'
import { followBySocket } from './follow-by-socket.ts'
import { readPosition } from './frame.ts'
import type { Link } from './link.ts'
import { pause } from './pause.ts'
import { askForTicket } from './tickets.ts'

/** How the events travel. */
export type Transport = 'websocket' | 'ndjson'

/** What happened to the connection that brings a job's events. */
export interface ConnectionChange {
  /**
   * `connecting`: first try. `open`: events come. `lost`: tries again in `retryInMs`. `resumed`: events come again, and
   * nothing was missed.
   */
  readonly state: 'connecting' | 'open' | 'lost' | 'resumed'
  readonly transport: Transport
  readonly retryInMs?: number
  /** Why it was lost. */
  readonly error?: Error
}

/** Whose events: a job's, or a command's in a sandbox. */
export interface FollowTarget {
  readonly id: string
  /** Of its events, from the base URL. */
  readonly path: string
}

export interface FollowOptions {
  /** The id of the last event that the caller has. Without it, all events come. */
  readonly after?: string | undefined
  /** Ends the iteration: it throws the signal's reason. The job goes on. */
  readonly signal?: AbortSignal | undefined
  readonly onConnection?: ((change: ConnectionChange) => void) | undefined
  /** How the events travel. Default `auto`: a WebSocket, and NDJSON by fetch while WebSockets are refused. */
  readonly transport?: Transport | 'auto' | undefined
  /** How long to try in vain before a RunnelFollowError, in milliseconds. Default 300,000. */
  readonly giveUpAfterMs?: number | undefined
}

const GIVE_UP_MS = 300_000
/** A connection that was open this long was a good one, even if nothing happened on it. */
const LASTING_MS = 10_000
/** No try takes longer, except for a machine that slept. */
const LONGEST_TRY_MS = 15_000

/** Whether `id` comes directly after `last`. Before a later attempt nothing can be told, but its own first event is 1. */
const isNext = (id: string, last: string | undefined): 'next' | 'repeated' | 'gap' => {
  const at = readPosition(id)
  const before = last === undefined ? { attempt: 0, n: 0 } : readPosition(last)
  // An id of a newer server that cannot be read: its order has to be trusted.
  if (at === undefined || before === undefined) return 'next'
  if (at.attempt < before.attempt || (at.attempt === before.attempt && at.n <= before.n)) return 'repeated'
  const expected = at.attempt === before.attempt ? before.n + 1 : 1
  return at.n === expected ? 'next' : 'gap'
}

/**
 * All events of a job after `after`, each once and in order, until `finished`.
 *
 *   connecting ──▶ open ──▶ events … finished
 *                   ▲ │ broken: wait 0.25 s to 8 s, or until the network is back
 *                   └─┘ continue after the last event that the consumer got
 *
 * 1. What comes twice is dropped, and a gap is a broken connection: the log is asked again.
 * 2. A refusal that stays (wrong key, no such job) is thrown at once.
 * 3. Tries in vain are counted in time that was spent on them, so a machine that slept has its tries left.
 */
export async function* follow(
  link: Link,
  target: FollowTarget,
  options: FollowOptions = {},
): AsyncGenerator<JobEvent, void> {
  const { id } = target
  const { signal, onConnection = () => {}, giveUpAfterMs = GIVE_UP_MS } = options
  const { after } = options
  let last = after
  let failures = 0
  let spentMs = 0
  let wasOpen = false
  let transport = link.chooseTransport(options.transport)
  let hasFallenBack = false
  const report = (change: Omit<ConnectionChange, 'transport'>): void => onConnection({ ...change, transport })

  signal?.throwIfAborted()
  report({ state: 'connecting' })
  for (;;) {
    const startedAt = performance.now()
    let isOpen = false
    let hasCome = false
    const onOpen = (): void => {
      isOpen = true
      if (transport === 'websocket') link.noteSocket(true)
      else if (hasFallenBack) link.noteSocket(false)
      report({ state: wasOpen ? 'resumed' : 'open' })
      wasOpen = true
    }
    try {
      for await (const event of connect(link, { target, last, signal, transport, onOpen })) {
        const order = isNext(event.id, last)
        if (order === 'repeated') continue
        if (order === 'gap') throw new RunnelConnectionError(`Events are missing between ${last} and ${event.id}`)
        last = event.id
        hasCome = true
        if (event.type === 'finished') link.noteFinished(id)
        yield event
        if (event.type === 'finished') return
      }
      // The server ends an answer properly only after `finished`, which the caller had then already.
      if (last !== undefined && last === after) return
      throw new RunnelConnectionError('The events ended before `finished`')
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      // The caller had the last event already.
      if (error instanceof RunnelApiError && error.code === 'job-finished' && last === after) return
      if (!isPassing(error)) throw error
      const tookMs = performance.now() - startedAt
      const canFallBack = !isOpen && transport === 'websocket' && link.canFallBack(options.transport)
      if (canFallBack && error instanceof RunnelConnectionError) {
        // A WebSocket does not say why it was refused: the key, a proxy, no network. HTTP does.
        hasFallenBack = true
        transport = 'ndjson'
        continue
      }
      if (hasCome || (isOpen && tookMs > LASTING_MS)) {
        failures = 0
        spentMs = 0
      } else spentMs += Math.min(tookMs, LONGEST_TRY_MS)
      failures += 1
      const retryAfterMs = error instanceof RunnelApiError ? (error.retryAfterMs ?? 0) : 0
      const retryInMs = Math.max(toPauseMs(failures, Math.random()), Math.min(retryAfterMs, 60_000))
      if (spentMs + retryInMs > giveUpAfterMs) {
        const message = `The events of ${id} broke off after ${last ?? 'none'}, and Runnel could not be reached again for ${giveUpAfterMs} ms: follow it again with \`after\``
        throw new RunnelFollowError(message, { jobId: id, lastEventId: last, cause: error })
      }
      transport = link.chooseTransport(options.transport)
      hasFallenBack = false
      report({ state: 'lost', retryInMs, ...(error instanceof Error ? { error } : {}) })
      await pause(retryInMs, link.wakeUp, signal)
      spentMs += retryInMs
    }
  }
}

const connect = (
  link: Link,
  options: {
    target: FollowTarget
    last: string | undefined
    signal: AbortSignal | undefined
    transport: Transport
    onOpen: () => void
  },
): AsyncIterable<JobEvent> => {
  const { target, last: after, signal, transport, onOpen } = options
  if (transport === 'websocket') return followBySocket({ pool: link.pool, jobId: target.id, after, signal, onOpen })
  return byHttp(link, { target, after, signal, onOpen })
}

async function* byHttp(
  link: Link,
  options: { target: FollowTarget; after: string | undefined; signal: AbortSignal | undefined; onOpen: () => void },
): AsyncGenerator<JobEvent, void> {
  const { getTicket, http } = link
  const { target, ...how } = options
  const ticket =
    getTicket === undefined ? undefined : await askForTicket(getTicket, { jobIds: [target.id], submissions: false })
  const authorization = ticket === undefined ? undefined : `Ticket ${ticket}`
  yield* followByHttp({ ...how, path: target.path, http, authorization })
}
