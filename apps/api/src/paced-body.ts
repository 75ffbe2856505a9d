import { type Readable, Transform } from 'node:stream'
import { RequestError } from '@runnel/contract/public'
import { CLIENT_GONE } from './errors/framework-errors.ts'
import type { createJsonBound } from './input-bounds.ts'
import { type InputTurns, LARGE_BYTES } from './input-turns.ts'

/** How much of a body is read in one turn. */
const PIECE_BYTES = 4 * LARGE_BYTES
/** What Node needs to read a megabyte of a body, garbage collection included. Measured 2026-11-29 with bodies of 4 MiB. */
const MS_PER_BYTE = 5 / (1024 * 1024)

/**
 * A large body, read piece by piece: each piece waits for its turn, so many bodies that arrive at once do not fill the event loop. From
 * the first piece on that makes it invalid, the rest is read and dropped, and the end is an error: if the connection were closed at
 * once, the client might not see the answer.
 */
export const paceBody = (
  body: Readable,
  options: {
    readonly inputTurns: InputTurns
    readonly tenant: string
    /** Where it stops to be read. */
    readonly maxBytes: number
    /** Undefined: it is not JSON. */
    readonly bound: ReturnType<typeof createJsonBound> | undefined
  },
): Readable => {
  const { inputTurns, tenant, maxBytes, bound } = options
  let bytes = 0
  let nextTurnAt = PIECE_BYTES
  let fault: RequestError | undefined

  const paced = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      inputTurns.chargeLarge(chunk.length * MS_PER_BYTE)
      const take = (): void => {
        fault ??= bound?.read(chunk)
        if (fault !== undefined && bytes > maxBytes) done(fault)
        else done(null, fault === undefined ? chunk : undefined)
      }
      if (bytes < nextTurnAt) return take()
      nextTurnAt = bytes + PIECE_BYTES
      const turn = inputTurns.take(tenant, bytes)
      if (turn === undefined) take()
      else void turn.then(take)
    },
    flush: (done) => done(fault),
  })
  // Fastify listens only until it has an answer.
  paced.on('error', () => {})
  body.on('error', (error) => paced.destroy(error))
  body.once('close', () => {
    if (!body.readableEnded) paced.destroy(new RequestError(...CLIENT_GONE))
  })
  return body.pipe(paced)
}
