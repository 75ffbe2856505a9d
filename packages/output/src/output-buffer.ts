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

/** If the streams alternate more often in one flush, their order is lost. A program that prints one line to each needs two. */
const MAX_RUNS = 16

/** Merges all chunks of a stream into one run. The streams are in the order in which they were first written to. */
const mergeRuns = (runs: readonly Run[]): Run[] =>
  [...Map.groupBy(runs, ({ stream }) => stream)].map(([stream, ofStream]) => ({
    stream,
    chunks: ofStream.flatMap(({ chunks }) => chunks),
  }))

/**
 * Output that is not published yet. Bytes of one stream that follow each other become one part; stdout and stderr keep their
 * order. An incomplete character stays in the buffer until its other bytes have come.
 *
 * If the streams alternate more than 16 times in one flush (5 ms), each stream becomes one part, and the order between the
 * two is lost. Otherwise a program that alternates after every byte would make one event of every byte.
 */
export interface OutputBuffer {
  readonly bytes: number
  add(stream: OutputStream, bytes: Uint8Array): void
  /** Takes everything but incomplete characters; with `atEnd` these too. */
  take(atEnd?: boolean): OutputPart[]
}

export const createOutputBuffer = (maxPartBytes: number): OutputBuffer => {
  let runs: Run[] = []
  let bytes = 0
  const tails: Record<OutputStream, Uint8Array> = { stdout: NOTHING, stderr: NOTHING }

  /** Prepends the incomplete character of the last flush, and keeps one that is incomplete now. */
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
      // A copy, because the caller may reuse its memory before this is sent.
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
