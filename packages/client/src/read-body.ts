/** How the bytes of a file are wanted. */
export type BytesAs = 'text' | 'bytes' | 'stream'

/** For bodies of any size there is no time that is too long. */
export const NO_TIMEOUT_MS = 2 ** 31 - 1

export const toStream = ({ body }: Response): ReadableStream<Uint8Array> => body ?? new Blob([]).stream()

export const readBody = async (
  response: Response,
  as: BytesAs,
): Promise<string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>> => {
  if (as === 'stream') return toStream(response)
  return as === 'bytes' ? new Uint8Array(await response.arrayBuffer()) : response.text()
}
