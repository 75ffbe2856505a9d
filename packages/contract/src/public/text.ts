import { z } from 'zod'

/** Why `value` cannot travel as text, or undefined when it can. */
export const textFault = (value: string): string | undefined => {
  if (!value.isWellFormed()) return 'has a lone surrogate, which no UTF-8 can carry'
  if (value.includes('\0')) return 'has a NUL character'
  return undefined
}

export const encodingSchema = z
  .enum(['utf8', 'base64'])
  .describe('How the bytes are written: as text where they are valid UTF-8, as base64 where they are not.')
export type Encoding = z.infer<typeof encodingSchema>

/** Bytes as JSON can carry them. */
export const chunkSchema = z.object({
  encoding: encodingSchema,
  data: z.string(),
})
export type Chunk = z.infer<typeof chunkSchema>

/** Standard base64 with its padding, nothing else. */
const isBase64 = (text: string): boolean => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)

const encoder = new TextEncoder()

/** The size of `text` in UTF-8. */
export const utf8Length = (text: string): number => encoder.encode(text).length

/** `btoa` and `atob` carry one byte in each character. An argument list has a bound, so long texts are made in pieces. */
const PIECE_BYTES = 8192

const toBase64 = (bytes: Uint8Array): string => {
  let binary = ''
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    binary += String.fromCharCode(...bytes.subarray(at, at + PIECE_BYTES))
  }
  return btoa(binary)
}

const fromBase64 = (text: string): Uint8Array<ArrayBuffer> => {
  const binary = atob(text)
  const bytes = new Uint8Array(binary.length)
  for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at)
  return bytes
}

export const toBytes = ({ encoding, data }: Chunk): Uint8Array<ArrayBuffer> =>
  encoding === 'utf8' ? encoder.encode(data) : fromBase64(data)

/** The number of bytes that `toBytes` gives, without making them. Base64 must be valid (`chunkFault`). */
export const chunkLength = ({ encoding, data }: Chunk): number => {
  if (encoding === 'utf8') return utf8Length(data)
  const padding = data.endsWith('==') ? 2 : data.endsWith('=') ? 1 : 0
  return (data.length / 4) * 3 - padding
}

/** Why `data` is not what `encoding` says, or undefined when it is. */
export const chunkFault = ({ encoding, data }: Chunk): string | undefined => {
  if (encoding === 'base64') return isBase64(data) ? undefined : 'is not base64'
  return data.isWellFormed() ? undefined : 'has a lone surrogate, which no UTF-8 can carry: send it as base64'
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The shortest honest form: text when all of it is UTF-8, base64 when any of it is not. */
export const toChunk = (bytes: Uint8Array): Chunk => {
  try {
    return { encoding: 'utf8', data: strictUtf8.decode(bytes) }
  } catch {
    return { encoding: 'base64', data: toBase64(bytes) }
  }
}
