import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { type InputTurns, LARGE_BYTES } from '../input-turns.ts'

/** Decides when more is read from a WebSocket. */
export interface ReadPace {
  /** Nothing more is read from the connection until each `hold` has its `release`. */
  hold(): void
  release(): void
  /** What the message that comes now has cost so far, in bytes of the connection. */
  readonly messageBytes: number
}

/**
 * Holds a large message back while it arrives: `ws` puts it together as soon as it is complete, which takes up to 20 ms of the event
 * loop, and what it asks for takes longer. So the rest of it is read when the turn of the tenant has come, and its time is charged.
 */
export const paceReads = (
  websocket: WebSocket,
  connection: Duplex,
  { inputTurns, tenant }: { readonly inputTurns: InputTurns; readonly tenant: () => string },
): ReadPace => {
  let holds = 0
  let messageBytes = 0
  let isLarge = false
  let startedAt = 0
  let spentMs = 0

  const hold = (): void => {
    holds += 1
    websocket.pause()
  }
  const release = (): void => {
    holds -= 1
    if (holds === 0 && websocket.readyState === websocket.OPEN) websocket.resume()
  }

  // The listener of `ws` is between these two.
  connection.prependListener('data', () => {
    startedAt = performance.now()
  })
  connection.on('data', (chunk: Buffer) => {
    spentMs += performance.now() - startedAt
    messageBytes += chunk.length
    if (isLarge || messageBytes <= LARGE_BYTES) return
    isLarge = true
    const turn = inputTurns.take(tenant(), messageBytes)
    if (turn === undefined) return
    hold()
    void turn.then(release)
  })
  // Before every other listener: the next message begins here.
  websocket.prependListener('message', () => {
    if (isLarge) inputTurns.chargeLarge(spentMs)
    messageBytes = 0
    spentMs = 0
    isLarge = false
  })
  return {
    hold,
    release,
    get messageBytes() {
      return messageBytes
    },
  }
}
