import type { Writable } from 'node:stream'

/** What is written to a stream from here to the end of this turn of the event loop leaves in one system call, however often this is asked for. */
export const writeTogether = (stream: Writable): void => {
  if (stream.writableCorked > 0) return
  stream.cork()
  setImmediate(() => stream.uncork())
}
