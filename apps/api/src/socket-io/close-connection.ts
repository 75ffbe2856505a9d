import type { Handshake } from './handshakes.ts'
import type { RunSocket } from './protocol.ts'

/** How long a client has to take what was sent to it. */
export const CUT_AFTER_MS = 1_000

/**
 * Closes a client's connection when it had time to take what was sent to it. Without `discard`, engine.io would wait half a minute
 * for a client that does not poll.
 */
export const closeConnection = (conn: RunSocket['conn'], { upgraded, openPolls }: Handshake): void => {
  setTimeout(() => {
    conn.close(true)
    upgraded?.destroy()
    for (const answer of openPolls) answer.destroy()
  }, CUT_AFTER_MS).unref()
}
