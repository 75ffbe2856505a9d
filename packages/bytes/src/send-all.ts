import type { OutgoingMessage } from 'node:http'
import { finished } from 'node:stream/promises'
import { giveBack, giveBackBuffer } from './give-back.ts'

/**
 * Writes all pieces to a request or an answer as fast as it takes them, and ends it. Throws what the source throws, and leaves `to`
 * open then; or why `to` closed before the end.
 *
 * The memory of each piece is given back when the kernel has it. (A stream within this process would still hold it then.) Nobody else
 * may use the pieces. Some are parts of a larger buffer, as Node's HTTP client cuts them out of what has arrived: that one is given
 * back when a piece of the next buffer was sent, because pieces come in order.
 */
export const sendAll = async (pieces: AsyncIterable<Uint8Array>, to: OutgoingMessage): Promise<void> => {
  const over = finished(to, { readable: false })
  over.catch(() => {})
  let last: ArrayBufferLike | undefined
  const sent = (piece: Uint8Array): void => {
    if (last !== undefined && last !== piece.buffer) giveBackBuffer(last)
    last = piece.buffer
    giveBack(piece)
  }
  let wake = (): void => {}
  const wakeUp = (): void => wake()
  to.on('drain', wakeUp).on('close', wakeUp)
  try {
    for await (const piece of pieces) {
      if (to.destroyed) break
      const takesMore = to.write(piece, () => sent(piece))
      if (takesMore || to.destroyed) continue
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    if (!to.destroyed) to.end()
    await over
  } finally {
    to.off('drain', wakeUp).off('close', wakeUp)
  }
}
