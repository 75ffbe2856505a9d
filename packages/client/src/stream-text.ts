import { createTextOfStream, utf8Length } from './chunk.ts'
import type { JobEvent } from './contract.ts'

/** How much of each stream a result keeps, in bytes of UTF-8, unless the caller says otherwise. */
export const KEEP_BYTES = 8 * 1024 * 1024

/** The text of one stream: all of it to a callback, the start of it kept. */
export const createStreamText = (keepBytes: number, onText: ((text: string) => unknown) | undefined) => {
  let text = createTextOfStream()
  let kept = ''
  let keptBytes = 0
  let isCut = false
  const take = (piece: string): unknown => {
    if (piece === '') return undefined
    if (keptBytes + utf8Length(piece) <= keepBytes && !isCut) {
      kept += piece
      keptBytes += utf8Length(piece)
    } else {
      // As much as surely fits, never half a character.
      if (!isCut) kept += piece.slice(0, Math.floor((keepBytes - keptBytes) / 3)).replace(/[\ud800-\udbff]$/, '')
      isCut = true
    }
    return onText?.(piece)
  }
  return {
    add: (event: Extract<JobEvent, { type: 'stdout' | 'stderr' }>) => take(text.add(event)),
    end: () => take(text.end()),
    restart() {
      text = createTextOfStream()
      kept = ''
      keptBytes = 0
      isCut = false
    },
    get kept() {
      return kept
    },
    get isCut() {
      return isCut
    },
  }
}
