/** Sends input to the program. `end`: nothing comes after it. */
export type SendInput = (data: string, end: boolean) => Promise<void>

export interface InputQueue {
  /** Text in the order of the calls. */
  add(text: string): void
  /** The end of input. */
  end(): void
}

/** The API takes up to 1 MiB at once; a piece of this many characters has at most 192 KiB. */
const PIECE = 64 * 1024

/** Never cuts a pair of surrogates: half of one cannot be sent. */
const pieceOf = (text: string): string => {
  const piece = text.slice(0, PIECE)
  return piece.length < text.length && /[\uD800-\uDBFF]$/.test(piece) ? piece.slice(0, -1) : piece
}

/**
 * One message at a time, so that what is typed arrives in order. What is typed while one is under way goes together in the
 * next one. After a failure the rest is dropped: half a line is worse than none. `onError` gets the failure.
 */
export const createInputQueue = (send: SendInput, onError: (error: unknown) => void): InputQueue => {
  let waiting = ''
  let isEnding = false
  let isSending = false

  const pump = async (): Promise<void> => {
    if (isSending) return
    isSending = true
    try {
      while (waiting !== '' || isEnding) {
        const piece = pieceOf(waiting)
        waiting = waiting.slice(piece.length)
        const isLast = isEnding && waiting === ''
        if (isLast) isEnding = false
        await send(piece, isLast)
      }
    } catch (error) {
      waiting = ''
      isEnding = false
      onError(error)
    } finally {
      isSending = false
    }
  }

  return {
    // A lone surrogate cannot travel as UTF-8.
    add: (text) => {
      waiting += text.toWellFormed()
      void pump()
    },
    end: () => {
      isEnding = true
      void pump()
    },
  }
}
