import { type Chunk, chunkSchema, toBytes } from '@runnel/contract/public'
import type { Redis } from '@runnel/redis'
import { type LogEntry, readStored } from './log-entry.ts'
import { outputScript } from './log-scripts.ts'
import type { OutputStream } from './output-buffer.ts'
import { incompleteTail } from './utf8-tail.ts'

/** What one attempt printed, from the beginning of each stream. */
export interface Output {
  readonly stdout: Uint8Array
  readonly stderr: Uint8Array
  /** One stream or both go on after this. */
  readonly truncated: boolean
}

/** Written by us alone, and read back up to a million times: its fields are looked at, and nothing else of the event. */
export const parsePrinted = ({ json }: LogEntry): Chunk => chunkSchema.parse(JSON.parse(json))

/** The first `maxBytes` of a stream, less a character that they would cut in two. */
const createHead = (maxBytes: number) => {
  const chunks: Uint8Array[] = []
  let bytes = 0
  let isCut = false
  return {
    get isCut() {
      return isCut
    },
    add(chunk: Uint8Array): void {
      const taken = chunk.subarray(0, maxBytes - bytes)
      if (taken.length > 0) chunks.push(taken)
      bytes += taken.length
      isCut ||= taken.length < chunk.length
    },
    read(): Uint8Array {
      const all = Buffer.concat(chunks)
      return isCut ? all.subarray(0, all.length - incompleteTail(all)) : all
    },
  }
}

/**
 * Reads the beginning of both streams of an attempt, a page at a time: between pages everyone else has a turn, here and in
 * Redis. A stream that is full is not sent by Redis any more, and when both are the rest of the log is not looked at.
 */
export const readOutput = async (redis: Redis, key: string, attempt: number, maxBytes: number): Promise<Output> => {
  const heads = { stdout: createHead(maxBytes), stderr: createHead(maxBytes) }
  const isWanted = (stream: OutputStream): 0 | 1 => (heads[stream].isCut ? 0 : 1)

  for (let from = `${attempt}`; from !== '' && !(heads.stdout.isCut && heads.stderr.isCut); ) {
    const page = await outputScript(redis, [key], [from, attempt, isWanted('stdout'), isWanted('stderr')])
    const [next, ...stored]: unknown[] = Array.isArray(page) ? page : []
    for (const entry of stored.map(readStored)) {
      const head = entry.type === 'stdout' ? heads.stdout : heads.stderr
      if (!head.isCut) head.add(toBytes(parsePrinted(entry)))
    }
    from = String(next ?? '')
  }
  return {
    stdout: heads.stdout.read(),
    stderr: heads.stderr.read(),
    truncated: heads.stdout.isCut || heads.stderr.isCut,
  }
}
