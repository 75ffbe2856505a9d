import { once } from 'node:events'

type Stream = 'stdout' | 'stderr'

/** One piece of output. Pieces are numbered from 2 on: 1 is the event `started`. */
export interface Piece {
  readonly n: number
  readonly at: string
  readonly stream: Stream
  readonly bytes: Buffer
}

/** The pieces `first` to `last` are no longer there. */
export interface Gap {
  readonly first: number
  readonly last: number
}

export interface OutputRing {
  add(stream: Stream, bytes: Buffer): void
  /** No more will come: readers end. */
  end(): void
  /** The number of the last piece. */
  readonly last: number
  /**
   * The pieces after number `after`. A reader that is too slow gets a gap in place of what was dropped. Ends when the ring has
   * ended; without `follow`, when it has read what is there.
   */
  read(after: number, options: { readonly follow: boolean; readonly signal: AbortSignal }): AsyncGenerator<Piece | Gap>
}

/** What Node needs for a piece besides its bytes. A program that prints single letters must not cost a hundred times as much. */
const PIECE_BYTES = 256

/**
 * Keeps the last part of what a command has printed, at most `maxBytes`. Writing never waits: a slow reader, or none, does not
 * stop the program.
 */
export const createOutputRing = (maxBytes: number): OutputRing => {
  const pieces: Piece[] = []
  const news = new EventTarget()
  let bytes = 0
  let last = 1
  let isOver = false

  const costOf = (piece: Piece): number => piece.bytes.length + PIECE_BYTES
  const announce = () => void news.dispatchEvent(new Event('news'))

  return {
    get last() {
      return last
    },
    add(stream, given) {
      last += 1
      // A copy, if the bytes are a part of something larger that would stay too.
      const own = given.length < given.buffer.byteLength / 2 ? Buffer.from(given) : given
      const piece = { n: last, at: new Date().toISOString(), stream, bytes: own }
      pieces.push(piece)
      bytes += costOf(piece)
      while (bytes > maxBytes && pieces.length > 1) {
        const dropped = pieces.shift()
        if (dropped !== undefined) bytes -= costOf(dropped)
      }
      announce()
    },
    end() {
      isOver = true
      announce()
    },
    async *read(after, { follow, signal }) {
      let done = Math.max(after, 1)
      for (;;) {
        const first = pieces[0]
        if (first !== undefined && first.n > done + 1) {
          yield { first: done + 1, last: first.n - 1 }
          done = Math.max(done, first.n - 1)
          continue
        }
        // Numbers have no gaps within the ring.
        const next = first === undefined ? undefined : pieces[done + 1 - first.n]
        if (next !== undefined) {
          yield next
          done = next.n
          continue
        }
        if (isOver || !follow || signal.aborted) return
        await once(news, 'news', { signal }).catch(() => {})
      }
    },
  }
}
