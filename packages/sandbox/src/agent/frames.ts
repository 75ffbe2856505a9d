/**
 * How messages to and from the agent are framed.
 *
 *     u32 length | u8 kind | u32 stream | payload         (big endian; length counts the payload only)
 */
const HEADER_BYTES = 9
/** No frame of an honest agent is larger: output comes in pieces of 64 KiB, reports are small. */
const MAX_RESPONSE_BYTES = 128 * 1024
/** What the agent takes in one frame; larger content goes in several. */
const MAX_REQUEST_BYTES = 256 * 1024

/** The agent sent what an honest agent never sends. */
export class ProtocolError extends Error {
  override name = 'ProtocolError'
}

export interface Frame {
  readonly kind: number
  readonly stream: number
  readonly payload: Buffer
}

export const encodeFrame = (kind: number, stream: number, payload: Uint8Array = new Uint8Array()): Buffer => {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + payload.length)
  frame.writeUInt32BE(payload.length, 0)
  frame.writeUInt8(kind, 4)
  frame.writeUInt32BE(stream, 5)
  frame.set(payload, HEADER_BYTES)
  return frame
}

export const encodeJsonFrame = (kind: number, stream: number, value: unknown): Buffer =>
  encodeFrame(kind, stream, Buffer.from(JSON.stringify(value)))

/** As many frames as `bytes` needs; none if it is empty. */
export const encodeChunks = (kind: number, stream: number, bytes: Uint8Array): Buffer[] => {
  const frames: Buffer[] = []
  for (let at = 0; at < bytes.length; at += MAX_REQUEST_BYTES) {
    frames.push(encodeFrame(kind, stream, bytes.subarray(at, at + MAX_REQUEST_BYTES)))
  }
  return frames
}

/**
 * Cuts arriving bytes into frames, however they are split. Holds at most one frame, and looks at no byte twice, even if
 * they come one by one.
 */
export const createFrameDecoder = (onFrame: (frame: Frame) => void): ((chunk: Buffer) => void) => {
  const header = Buffer.alloc(HEADER_BYTES)
  let headerFill = 0
  let gathered: Buffer | undefined
  let gatheredFill = 0

  const deliver = (payload: Buffer) => {
    headerFill = 0
    gathered = undefined
    onFrame({ kind: header.readUInt8(4), stream: header.readUInt32BE(5), payload })
  }

  return (chunk) => {
    let at = 0
    for (;;) {
      if (gathered === undefined) {
        const taken = chunk.copy(header, headerFill, at, at + HEADER_BYTES - headerFill)
        headerFill += taken
        at += taken
        if (headerFill < HEADER_BYTES) return
        const length = header.readUInt32BE(0)
        if (length > MAX_RESPONSE_BYTES) throw new ProtocolError(`The agent announced a frame of ${length} bytes`)
        if (chunk.length - at >= length) {
          at += length
          deliver(chunk.subarray(at - length, at))
          continue
        }
        gathered = Buffer.allocUnsafe(length)
        gatheredFill = 0
      }
      const taken = chunk.copy(gathered, gatheredFill, at)
      gatheredFill += taken
      at += taken
      if (gatheredFill < gathered.length) return
      deliver(gathered)
    }
  }
}
