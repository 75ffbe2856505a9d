import type { LogEntry } from '@runnel/operations'

/** FIN, and the opcode of a text. */
const TEXT = 0x81
/** Longer payloads have their length in two bytes more, or in eight. */
const SHORT_BYTES = 125
const MEDIUM_BYTES = 0xff_ff

/** A whole WebSocket frame, as a server sends it (RFC 6455, section 5.2): not masked, not packed, in one piece. */
export const toTextFrame = (text: string): Buffer => {
  const bytes = Buffer.byteLength(text)
  const headBytes = bytes <= SHORT_BYTES ? 2 : bytes <= MEDIUM_BYTES ? 4 : 10
  const frame = Buffer.allocUnsafe(headBytes + bytes)
  frame[0] = TEXT
  if (headBytes === 2) frame[1] = bytes
  else if (headBytes === 4) {
    frame[1] = 126
    frame.writeUInt16BE(bytes, 2)
  } else {
    frame[1] = 127
    frame.writeBigUInt64BE(BigInt(bytes), 2)
  }
  frame.write(text, headBytes)
  return frame
}

/** All watchers of a job get an entry one right after the other: it is made a frame once, for all of them. */
export const createEventFrames = (): ((entry: LogEntry) => Buffer) => {
  let last: { readonly entry: LogEntry; readonly frame: Buffer } | undefined
  return (entry) => {
    if (last?.entry !== entry) last = { entry, frame: toTextFrame(entry.json) }
    return last.frame
  }
}

/** Frames one after another. What many are sent, one right after the other, is joined once for all of them. */
export const createJoin = (): ((first: Buffer, second: Buffer) => Buffer) => {
  let last: { readonly first: Buffer; readonly second: Buffer; readonly joined: Buffer } | undefined
  return (first, second) => {
    if (last?.first !== first || last.second !== second)
      last = { first, second, joined: Buffer.concat([first, second]) }
    return last.joined
  }
}
