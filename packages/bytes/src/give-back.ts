import { isMarkedAsUntransferable } from 'node:worker_threads'

/** Smaller ones are not worth it. */
const LEAST_BYTES = 16 * 1024

/** False turns it off, to measure what it gains. */
const GIVES_BACK = true

/**
 * Frees the memory of a buffer, at once. Bytes that are in it have no length from then on.
 *
 * Node cuts small pieces out of a buffer that many others use too: 64 KiB in Node 24. It marks that one as not transferable, and to
 * free it would throw.
 */
export const giveBackBuffer = (buffer: ArrayBufferLike): void => {
  if (!GIVES_BACK || buffer.byteLength < LEAST_BYTES || !(buffer instanceof ArrayBuffer)) return
  if (!isMarkedAsUntransferable(buffer)) buffer.transfer(0)
}

/**
 * Frees the memory of bytes that nobody uses any more, at once. Without it a file that flows through a process leaves each of its
 * pieces to the garbage collector, which waits until they are tens of MiB.
 *
 * Only if they are the whole of their buffer. A part of one may have neighbours that are still in use.
 */
export const giveBack = ({ buffer, byteLength }: Uint8Array): void => {
  if (byteLength === buffer.byteLength) giveBackBuffer(buffer)
}
