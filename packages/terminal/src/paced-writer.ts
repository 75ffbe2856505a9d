/** What the terminal has been given and has not parsed yet. Past 50 MB xterm throws text away. */
export const WINDOW = 64 * 1024

/** xterm looks at the clock between two pieces, so a piece must be parsed in a few milliseconds. */
const LARGEST_PIECE = 16 * 1024
/** Line ends and escape sequences cost up to a thousand times as much as letters, so a piece has no more than these. */
const MOST_CONTROLS = 256
/** Pieces become as small as this while they take long nevertheless. */
const SMALLEST_PIECE = 256
const SLOW_MS = 24
const FAST_MS = 8

/** Hands `text` to the terminal. It calls `parsed` when the text is in its buffer, before it parses the next one. */
export type Hand = (text: string, parsed: () => void) => void

export interface PacedWriter {
  /** Queues `text`. Resolves when all of it is handed over: who waits for this never has more than one text queued. */
  write(text: string): Promise<void>
  /** Calls `act` when all that was written before is in the terminal's buffer, and nothing of what is written later. */
  after(act: () => void): void
  /** Forgets the text that is queued. Answers how many characters that were. */
  drop(): number
}

interface Waiting {
  rest: string
  readonly act: (() => void) | undefined
  readonly resolve: () => void
}

const ignore = (): void => {}

/** The first piece of a text. */
const cutPiece = (text: string, longest: number): string => {
  const piece = text.slice(0, longest)
  let controls = 0
  for (const { index } of piece.matchAll(/\p{Cc}/gu)) {
    controls += 1
    if (controls > MOST_CONTROLS) return piece.slice(0, index)
  }
  return piece
}

/**
 * Keeps at most `WINDOW` characters in the terminal that it has not parsed yet. The rest waits here, in order. So a page
 * stays responsive whatever a program prints, and what is dropped is dropped at once.
 */
export const createPacedWriter = (hand: Hand, now: () => number = () => performance.now()): PacedWriter => {
  const queue: Waiting[] = []
  let unparsed = 0
  let pieceLength = LARGEST_PIECE
  let lastParsedAt = 0

  /** `handedAt` is when the terminal got the piece. If it was busy then, the piece began when the one before it ended. */
  const adapt = (handedAt: number): void => {
    const at = now()
    const tookMs = at - Math.max(handedAt, lastParsedAt)
    lastParsedAt = at
    if (tookMs > SLOW_MS) pieceLength = Math.max(SMALLEST_PIECE, pieceLength / 4)
    else if (tookMs < FAST_MS) pieceLength = Math.min(LARGEST_PIECE, pieceLength * 2)
  }

  const pump = (): void => {
    for (let first = queue[0]; first !== undefined && unparsed < WINDOW; first = queue[0]) {
      const { act } = first
      const text = cutPiece(first.rest, Math.min(pieceLength, WINDOW - unparsed))
      first.rest = first.rest.slice(text.length)
      const isLast = first.rest === ''
      const handedAt = now()
      unparsed += text.length
      if (isLast) queue.shift()?.resolve()
      hand(text, () => {
        unparsed -= text.length
        adapt(handedAt)
        act?.()
        pump()
      })
    }
  }

  return {
    write: (text) =>
      new Promise((resolve) => {
        queue.push({ rest: text, act: undefined, resolve })
        pump()
      }),
    after: (act) => {
      queue.push({ rest: '', act, resolve: ignore })
      pump()
    },
    drop: () => {
      const dropped = queue.filter(({ act }) => act === undefined)
      queue.splice(0, queue.length, ...queue.filter(({ act }) => act !== undefined))
      for (const { resolve } of dropped) resolve()
      pump()
      return dropped.reduce((sum, { rest }) => sum + rest.length, 0)
    },
  }
}
