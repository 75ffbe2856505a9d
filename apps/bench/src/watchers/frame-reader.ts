// The little of RFC 6455 that a watcher needs, so that a thousand of them leave the processors to what is measured:
// whole, unmasked text frames from the server, pings, and the close.

const OPCODE = { text: 0x1, close: 0x8, ping: 0x9 } as const
const FINAL = 0x80
const MASKED = 0x80
const LENGTH_16 = 126
const LENGTH_64 = 127

/** Masked and without a payload, so the mask can be all zeros. */
export const PONG = Buffer.from([FINAL | 0xa, MASKED, 0, 0, 0, 0])
export const CLOSE = Buffer.from([FINAL | OPCODE.close, MASKED, 0, 0, 0, 0])

export interface FrameHandlers {
  onText(payload: Buffer): void
  onPing(): void
  onClose(): void
}

/** Where the payload is and where the next frame starts; undefined until the header is complete. */
const readHeader = (bytes: Buffer, at: number): { start: number; end: number } | undefined => {
  if (bytes.length - at < 2) return undefined
  const short = bytes.readUInt8(at + 1)
  if ((short & MASKED) !== 0) throw new Error('A server does not mask its frames')
  if (short < LENGTH_16) return { start: at + 2, end: at + 2 + short }
  const start = at + (short === LENGTH_64 ? 10 : 4)
  if (bytes.length < start) return undefined
  const length = short === LENGTH_64 ? Number(bytes.readBigUInt64BE(at + 2)) : bytes.readUInt16BE(at + 2)
  return { start, end: start + length }
}

/** Takes the bytes of a socket, piece by piece. */
export const createFrameReader = ({ onText, onPing, onClose }: FrameHandlers): ((chunk: Buffer) => void) => {
  let rest: Buffer | undefined
  return (chunk) => {
    const bytes = rest === undefined ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    for (;;) {
      const header = readHeader(bytes, at)
      if (header === undefined || header.end > bytes.length) break
      const first = bytes.readUInt8(at)
      if ((first & FINAL) === 0) throw new Error('A fragmented frame')
      const opcode = first & 0xf
      if (opcode === OPCODE.text) onText(bytes.subarray(header.start, header.end))
      else if (opcode === OPCODE.ping) onPing()
      else if (opcode === OPCODE.close) onClose()
      at = header.end
    }
    rest = at < bytes.length ? bytes.subarray(at) : undefined
  }
}
