import type { RawData, WebSocket } from 'ws'
import { cutSocket } from '../events/cut-socket.ts'
import type { ReadPace } from '../events/read-pace.ts'

/** More than `ws` reads at once (64 KiB) if each frame names a job. */
export const QUEUED_FRAMES = 1_000
/** A client with a mistake sees it long before. */
export const BAD_FRAMES = 100

const TOO_MANY = `More than ${QUEUED_FRAMES} frames at once: wait for answers`
const TOO_MANY_BAD = `${BAD_FRAMES} frames in a row could not be read: see their errors`

const toBytes = (data: RawData): Uint8Array => {
  if (Array.isArray(data)) return Buffer.concat(data)
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data
}

/**
 * Answers the frames of one socket, one after another:
 *
 *   socket ──▶ queue ──▶ its turn ──▶ answered ──▶ the next one
 *
 * 1. The socket is paused until the queue is empty. What `ws` has read by then still comes, one frame in each turn of the event
 *    loop, and is queued. If a client sends faster than it is answered, its frames wait in the TCP connection.
 * 2. A frame waits for its turn, so the work in one turn of the loop is bounded, whatever the number of sockets.
 * 3. A client that sends too many frames at once, or bad frames only, gets the reason in a close frame with 1008.
 */
export const runFrameLoop = (
  socket: WebSocket,
  options: {
    readonly signal: AbortSignal
    readonly pace: Pick<ReadPace, 'hold' | 'release'>
    readonly takeTurn: (bytes: number) => Promise<void> | undefined
    /** Must not throw. False: the frame could not be read. */
    readonly answer: (bytes: Uint8Array, isBinary: boolean) => Promise<boolean>
  },
): void => {
  const { signal, pace, takeTurn, answer } = options
  const queue: { readonly bytes: Uint8Array; readonly isBinary: boolean }[] = []
  let isRunning = false
  let badFrames = 0

  const isOver = (): boolean => signal.aborted || socket.readyState !== socket.OPEN

  const cut = (reason: string): void => {
    queue.length = 0
    cutSocket(socket, reason)
  }

  const run = async (): Promise<void> => {
    isRunning = true
    pace.hold()
    for (let frame = queue.shift(); frame !== undefined; frame = queue.shift()) {
      await takeTurn(frame.bytes.byteLength)
      if (isOver()) return
      badFrames = (await answer(frame.bytes, frame.isBinary)) ? 0 : badFrames + 1
      if (badFrames >= BAD_FRAMES) cut(TOO_MANY_BAD)
    }
    isRunning = false
    pace.release()
  }

  socket.on('message', (data, isBinary) => {
    if (isOver()) return
    if (queue.length >= QUEUED_FRAMES) return cut(TOO_MANY)
    queue.push({ bytes: toBytes(data), isBinary })
    if (!isRunning) void run()
  })
}
