import type { ServerOptions } from 'ws'
import { SUBPROTOCOL } from '../access/credentials.ts'
import { SUBMISSION_BYTES } from '../input-bounds.ts'

/** For all WebSockets: those of our routes, and those under socket.io. */
export const SOCKET_OPTIONS = {
  maxPayload: SUBMISSION_BYTES,
  /** It costs processor time, and lets others guess secrets by the size. */
  perMessageDeflate: false,
  /** An access token that came as a subprotocol must not be sent back. Otherwise the first one, as `ws` does. */
  handleProtocols(protocols: Set<string>) {
    return protocols.has(SUBPROTOCOL) ? SUBPROTOCOL : ([...protocols][0] ?? false)
  },
  /** `ws` reads 64 KiB at once, which can be 9,000 frames. It gives us one of them in each turn of the event loop. */
  allowSynchronousEvents: false,
  /** Pieces of one message. All pieces in what `ws` has read are taken in one turn. Browsers send a message in one piece. */
  maxFragments: 1_000,
} as const satisfies ServerOptions
