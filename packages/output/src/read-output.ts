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
  /** True if one stream or both are longer than this. */
  readonly truncated: boolean
}

/** Checks only the fields of the chunk, because this runs up to a million times for one job and only we write these events. */
export const parsePrinted = ({ json }: LogEntry): Chunk => chunkSchema.parse(JSON.parse(json))

/** The first `maxBytes` of a stream, without a character that would be cut in two. */
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
 * Reads the first bytes of both streams of an attempt, page by page, so that other work can run in between, here and in Redis.
 * When a stream has enough bytes, Redis no longer sends it. When both have, the rest of the log is not read.
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
