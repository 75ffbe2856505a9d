import type { AgentConnection } from './connection.ts'
import { encodeChunks, encodeFrame, ProtocolError } from './frames.ts'
import { REQUEST } from './protocol.ts'

/** Input that was sent and that the program has not taken yet. */
const STDIN_WINDOW_BYTES = 256 * 1024

export interface Stdin {
  /** Resolves when all bytes are sent, or `signal` aborts. */
  write(bytes: Uint8Array, signal: AbortSignal): Promise<void>
  end(): void
  /** Call it when the agent reports that the program took this many bytes. */
  granted(bytes: number): void
}

export const encodeEndOfStdin = (stream: number): Buffer => encodeFrame(REQUEST.stdin, stream)

/** Sends bytes to the program's standard input, never more at a time than the window. */
export const createStdin = (
  connection: AgentConnection,
  stream: number,
  windowBytes: number = STDIN_WINDOW_BYTES,
): Stdin => {
  let room = windowBytes
  let wake: () => void = () => {}

  const untilGranted = (signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      wake = resolve
      signal.addEventListener('abort', () => resolve(), { once: true })
    })

  return {
    granted(bytes) {
      room += bytes
      if (room > windowBytes) connection.close(new ProtocolError('The agent took more input than it was sent'))
      wake()
    },
    async write(bytes, signal) {
      for (let at = 0; at < bytes.length && !signal.aborted; ) {
        if (room === 0) await untilGranted(signal)
        const piece = bytes.subarray(at, at + room)
        room -= piece.length
        at += piece.length
        connection.send(encodeChunks(REQUEST.stdin, stream, piece))
      }
    },
    end: () => connection.send([encodeEndOfStdin(stream)]),
  }
}
