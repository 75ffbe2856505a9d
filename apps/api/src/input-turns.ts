import { RequestError } from '@runnel/contract/public'
import { createLane } from './lane.ts'

/** What clients send waits here for its turn to be read. */
export interface InputTurns {
  /** Resolves when an input of this size may be read. A large one waits for large ones only, a small one for small ones. */
  take(tenantId: string, bytes: number): Promise<void> | undefined
  /** Throws if too many large bodies of this tenant wait already: they are in memory while they do. */
  requireRoom(tenantId: string): void
  /** A large input that could not wait took this long. */
  chargeLarge(spentMs: number): void
}

/** Reading this much takes at most a few milliseconds. A megabyte of source without its language takes 60. */
export const LARGE_BYTES = 32 * 1024

/** A frame takes a tenth of a millisecond, so clients that send as fast as they can add a fifth of a millisecond to each turn. */
const SMALL_AT_ONCE = 2

/** Large inputs have at most a quarter of the loop's time, so three of four others do not meet them. */
const LARGE_REST = 3

/** Of one tenant: at most 124 MB. */
const LARGE_WAITING = 20
const RETRY_MS = 1_000

export const createInputTurns = (): InputTurns => {
  const small = createLane({ atOnce: SMALL_AT_ONCE, restFactor: 0 })
  const large = createLane({ atOnce: 1, restFactor: LARGE_REST })
  return {
    take: (tenantId, bytes) => (bytes > LARGE_BYTES ? large : small).take(tenantId),
    requireRoom(tenantId) {
      if (large.countWaiting(tenantId) < LARGE_WAITING) return
      throw new RequestError(
        'too-many-requests',
        `Cannot read another body of more than ${LARGE_BYTES} bytes now: ${LARGE_WAITING} of this tenant's wait to be read; send fewer at once`,
        { retryAfterMs: RETRY_MS },
      )
    },
    chargeLarge: large.charge,
  }
}
