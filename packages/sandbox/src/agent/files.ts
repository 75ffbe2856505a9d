import { type File, toBytes } from '@runnel/contract/public'
import { encodeChunks, encodeJsonFrame } from './frames.ts'
import { REQUEST } from './protocol.ts'

/** The frames that have the agent write `files`: first their paths and sizes, then the content of all of them. */
export const encodeFiles = (stream: number, files: readonly File[]): Buffer[] => {
  const contents = files.map((file) => toBytes({ encoding: file.encoding, data: file.content }))
  const list = files.map(({ path }, index) => ({ path, size: contents[index]?.length ?? 0 }))
  return [
    encodeJsonFrame(REQUEST.put, stream, { files: list }),
    ...encodeChunks(REQUEST.data, stream, Buffer.concat(contents)),
  ]
}
