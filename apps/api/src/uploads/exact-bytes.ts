import type { Readable } from 'node:stream'
import { RequestError } from '@runnel/contract/public'

/** The same bytes. Ends with an error if there are fewer than were announced: the client would wait for them. */
export async function* exactBytes(bytes: Readable, length: number): AsyncGenerator<Buffer> {
  let left = length
  for await (const part of bytes) {
    left -= part.length
    yield part
  }
  if (left === 0) return
  const message = `The file became shorter while it was read: ${left} of ${length} bytes are missing. Read it again`
  throw new RequestError('range-not-satisfiable', message)
}
