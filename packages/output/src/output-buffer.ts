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

/** How many runs one flush takes: otherwise a program that alternates after every byte would make 100,000 events a second. */
const FLUSH_RUNS = 16
/** How many runs may wait. A program that alternates less often in all does not wait for its output to be published. */
const BUFFER_RUNS = 256

/**
 * Output that is not published yet. Bytes of one stream that follow each other (a run) become one part; stdout and stderr
 * keep their order. An incomplete character stays in the buffer until its other bytes have come.
 */
export interface OutputBuffer {
  readonly bytes: number
  /** Only one stream has written, and enough for the largest part. */
  readonly isLargePart: boolean
  /** The writer has to wait until something is taken. */
  readonly isFull: boolean
  add(stream: OutputStream, bytes: Uint8Array): void
  /** Takes up to 16 runs, without incomplete characters; with `atEnd` everything. */
  take(atEnd?: boolean): OutputPart[]
}

export const createOutputBuffer = (maxPartBytes: number, bufferBytes: number): OutputBuffer => {
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

    get isLargePart() {
      return runs.length === 1 && bytes >= maxPartBytes
    },

    get isFull() {
      return bytes >= bufferBytes || runs.length >= BUFFER_RUNS
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
      const taken = atEnd ? runs : runs.slice(0, FLUSH_RUNS)
      runs = runs.slice(taken.length)
      for (const { chunks } of taken) for (const { length } of chunks) bytes -= length
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
