import type { Chunk } from './contract.ts'

const encoder = new TextEncoder()
const VALUES = new Uint8Array(128)
for (const [value, digit] of [
  ...encoder.encode('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'),
].entries())
  VALUES[digit] = value

/** By a table: `atob` makes a string first, which takes 50 times as long; `Uint8Array.fromBase64` is not in Node 24. */
const fromBase64 = (text: string): Uint8Array<ArrayBuffer> => {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const bytes = new Uint8Array(Math.floor(text.length / 4) * 3 - padding)
  const valueAt = (at: number): number => VALUES[text.charCodeAt(at)] ?? 0
  let to = 0
  for (let from = 0; from + 3 < text.length; from += 4) {
    const bits = (valueAt(from) << 18) | (valueAt(from + 1) << 12) | (valueAt(from + 2) << 6) | valueAt(from + 3)
    // What padding stands for would lie past the end, where writing does nothing.
    bytes[to] = bits >> 16
    bytes[to + 1] = bits >> 8
    bytes[to + 2] = bits
    to += 3
  }
  return bytes
}

/** The bytes of a piece of output. */
export const toBytes = ({ encoding, data }: Chunk): Uint8Array<ArrayBuffer> =>
  encoding === 'base64' ? fromBase64(data) : encoder.encode(data)

/** The size in UTF-8, without making the bytes. */
export const utf8Length = (text: string): number => {
  let length = text.length
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    if (unit > 0x7ff) length += unit >= 0xd800 && unit <= 0xdfff ? 1 : 2
    else if (unit > 0x7f) length += 1
  }
  return length
}

/** Decodes one stream of output. A character may be split between pieces; bytes that are not UTF-8 become U+FFFD. */
export interface TextOfStream {
  /** What is complete so far. */
  add(chunk: Chunk): string
  /** What is left at the end. */
  end(): string
}

export const createTextOfStream = (): TextOfStream => {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  return {
    // A piece in utf8 is whole, so what a piece of bytes left before it is not.
    add: (chunk) =>
      chunk.encoding === 'base64' ? decoder.decode(toBytes(chunk), { stream: true }) : decoder.decode() + chunk.data,
    end: () => decoder.decode(),
  }
}
