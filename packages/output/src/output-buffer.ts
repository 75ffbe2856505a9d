import { cutBetweenCharacters, incompleteTail } from './utf8-tail.ts'

export type OutputStream = 'stdout' | 'stderr'

interface OutputPart {
  readonly stream: OutputStream
  readonly bytes: Uint8Array
}

interface Run {
  readonly stream: OutputStream
  readonly chunks: Uint8Array[]
}

const NOTHING = new Uint8Array()

/** More turns between the streams than this in one flush nobody can follow; a program that prints a line to each has two. */
const MAX_RUNS = 16

/** Each stream in one run, in the order in which they were first written to. */
const mergeRuns = (runs: readonly Run[]): Run[] =>
  [...Map.groupBy(runs, ({ stream }) => stream)].map(([stream, ofStream]) => ({
    stream,
    chunks: ofStream.flatMap(({ chunks }) => chunks),
  }))

/**
 * What a program has printed and was not published yet. Bytes of one stream that follow each other become one part;
 * stdout and stderr keep their order. A character that is not complete yet stays behind until its rest has come.
 *
 * Where what is taken at once has more than 16 turns between the streams, each stream becomes one part and their order
 * among each other is given up: it is what was printed within one flush, 5 ms, and a program that alternates byte by byte
 * would else make an event of every byte.
 */
export interface OutputBuffer {
  readonly bytes: number
  add(stream: OutputStream, bytes: Uint8Array): void
  /** Everything so far but incomplete characters; with `atEnd` those too. */
  take(atEnd?: boolean): OutputPart[]
}

export const createOutputBuffer = (maxPartBytes: number): OutputBuffer => {
  let runs: Run[] = []
  let bytes = 0
  const tails: Record<OutputStream, Uint8Array> = { stdout: NOTHING, stderr: NOTHING }

  /** Prepends what stayed behind of the stream, and keeps back what is not complete now. */
  const join = ({ stream, chunks }: Run): Uint8Array => {
    const all = Buffer.concat([tails[stream], ...chunks])
    const whole = all.length - incompleteTail(all)
    tails[stream] = all.subarray(whole)
    return all.subarray(0, whole)
  }

  return {
    get bytes() {
      return bytes
    },

    add(stream, chunk) {
      if (chunk.length === 0) return
      // A copy: the caller may use its memory again before this is sent.
      const copy = chunk.slice()
      const last = runs.at(-1)
      if (last?.stream === stream) last.chunks.push(copy)
      else runs.push({ stream, chunks: [copy] })
      bytes += chunk.length
    },

    take(atEnd = false) {
      const taken = runs.length > MAX_RUNS ? mergeRuns(runs) : runs
      runs = []
      bytes = 0
      const parts = taken.map((run) => ({ stream: run.stream, bytes: join(run) }))
      if (atEnd) {
        parts.push({ stream: 'stdout', bytes: tails.stdout }, { stream: 'stderr', bytes: tails.stderr })
        tails.stdout = tails.stderr = NOTHING
      }
      return parts
        .filter((part) => part.bytes.length > 0)
        .flatMap((part) =>
          cutBetweenCharacters(part.bytes, maxPartBytes).map((piece) => ({ stream: part.stream, bytes: piece })),
        )
    },
  }
}
