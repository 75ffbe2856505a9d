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

export const toBytes = ({ encoding, data }: Chunk): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Buffer.from(data, encoding))

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
    return {
      encoding: 'base64',
      data: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'),
    }
  }
}
