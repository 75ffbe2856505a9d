import { z } from 'zod'

/**
 * The frames between a worker and the agent, process 1 of every sandbox.
 *
 *     u32 length | u8 kind | u32 stream | payload         (big endian; length counts the payload alone)
 *
 *     worker                                   agent
 *     INIT {uid, env, warm, …} ───────────▶       who and where it is
 *        ◀────────────────────────── READY        interpreter warm, nothing run yet
 *     PUT {files}, DATA… ─────────────────▶       written as the job's user
 *     EXEC {argv, env, limits, credit} ───▶       the program's clocks start
 *        ◀─────────────────────────── DONE        the files are there: it has begun
 *        ◀──────────────── STDOUT, STDERR …       raw bytes, never more than the credit given
 *     CREDIT, STDIN, SIGNAL ──────────────▶
 *        ◀────────────────────────── GRANT        that many bytes of STDIN were taken
 *        ◀─────────────────────────── EXIT        its main process is dead, its pipes are drained, nobody is left to print
 *        ◀────────────────────────── READY        if EXEC said {again: true}: what it left is gone, another may come
 *
 * All from PUT to STDIN goes out in one write; each waits inside for the one before. DONE travels with what follows it.
 * What a program prints within two milliseconds of a first word comes as one piece, as a rule together with its EXIT. What
 * lives on after EXIT is killed at once.
 *
 * What the agent sends is untrusted: once a program has run, a kernel bug away, it could be the program speaking. A frame
 * that is malformed, oversized or out of turn ends the sandbox, never the worker. Of every kind there can be only so many:
 * each piece of output has a byte at least and takes from the credit, each grant one that was sent, the others come once.
 * packages/agent/src is the other end: change both or neither.
 */
const PROTOCOL = 2

export const REQUEST = {
  exec: 1,
  stdin: 2,
  signal: 3,
  put: 4,
  data: 5,
  credit: 6,
  init: 7,
} as const
export const RESPONSE = {
  ready: 64,
  stdout: 65,
  stderr: 66,
  exit: 67,
  done: 68,
  error: 69,
  grant: 70,
} as const

const HEADER_BYTES = 9
/** No honest frame of an agent is larger: output comes in pieces of 64 KiB, reports are small. */
const MAX_RESPONSE_BYTES = 128 * 1024
/** What the agent takes in one frame; larger content goes in several. */
const MAX_REQUEST_BYTES = 256 * 1024

export class ProtocolError extends Error {
  override name = 'ProtocolError'
}

export interface Frame {
  readonly kind: number
  readonly stream: number
  readonly payload: Buffer
}

export const encodeFrame = (kind: number, stream: number, payload: Uint8Array = new Uint8Array()): Buffer => {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + payload.length)
  frame.writeUInt32BE(payload.length, 0)
  frame.writeUInt8(kind, 4)
  frame.writeUInt32BE(stream, 5)
  frame.set(payload, HEADER_BYTES)
  return frame
}

export const encodeJsonFrame = (kind: number, stream: number, value: unknown): Buffer =>
  encodeFrame(kind, stream, Buffer.from(JSON.stringify(value)))

/** Who an agent is and what it is to have ready: the first thing it is told. */
export interface Init {
  /** The user its first program runs as; null where there is no isolation. */
  readonly uid: number | null
  /** How many programs it runs one after another, each as a user of its own: `uid`, `uid + 1`, … */
  readonly jobsPerContainer: number
  readonly workspace: string
  readonly env: Readonly<Record<string, string>>
  readonly cpus: number
  /** The interpreter to start ahead of its program: the very command a job will have; null for none. */
  readonly warm: { readonly argv: readonly string[]; readonly env: Readonly<Record<string, string>> } | null
}

export const encodeInit = (init: Init): Buffer => encodeJsonFrame(REQUEST.init, 0, init)

export const encodeCredit = (stream: number, bytes: number): Buffer => {
  const payload = Buffer.allocUnsafe(4)
  payload.writeUInt32BE(bytes)
  return encodeFrame(REQUEST.credit, stream, payload)
}

/** `bytes` as as many frames as it takes; none when there are none. */
export const encodeChunks = (kind: number, stream: number, bytes: Uint8Array): Buffer[] => {
  const frames: Buffer[] = []
  for (let at = 0; at < bytes.length; at += MAX_REQUEST_BYTES) {
    frames.push(encodeFrame(kind, stream, bytes.subarray(at, at + MAX_REQUEST_BYTES)))
  }
  return frames
}

/**
 * Cuts what arrives into frames, however it is split: never holds more than one frame's worth, and looks at no byte
 * twice, even if they come one by one.
 */
export const createFrameDecoder = (onFrame: (frame: Frame) => void): ((chunk: Buffer) => void) => {
  const header = Buffer.alloc(HEADER_BYTES)
  let headerFill = 0
  let gathered: Buffer | undefined
  let gatheredFill = 0

  const deliver = (payload: Buffer) => {
    headerFill = 0
    gathered = undefined
    onFrame({ kind: header.readUInt8(4), stream: header.readUInt32BE(5), payload })
  }

  return (chunk) => {
    let at = 0
    for (;;) {
      if (gathered === undefined) {
        const taken = chunk.copy(header, headerFill, at, at + HEADER_BYTES - headerFill)
        headerFill += taken
        at += taken
        if (headerFill < HEADER_BYTES) return
        const length = header.readUInt32BE(0)
        if (length > MAX_RESPONSE_BYTES) throw new ProtocolError(`The agent announced a frame of ${length} bytes`)
        if (chunk.length - at >= length) {
          at += length
          deliver(chunk.subarray(at - length, at))
          continue
        }
        gathered = Buffer.allocUnsafe(length)
        gatheredFill = 0
      }
      const taken = chunk.copy(gathered, gatheredFill, at)
      gatheredFill += taken
      at += taken
      if (gatheredFill < gathered.length) return
      deliver(gathered)
    }
  }
}

export const readySchema = z.strictObject({
  protocol: z.literal(PROTOCOL),
  cgroup: z.enum(['v1', 'v2']).nullable(),
  warm: z.boolean(),
})
export type Ready = z.infer<typeof readySchema>

/** No program runs for a day, on however many processors, or uses a pebibyte: past that it is no measurement. */
const durationMs = z.number().nonnegative().max(86_400_000)
const PEBIBYTE = 2 ** 50

/** How a program ended, in the agent's words. Limits of the worker's own keeping are decided by the worker's clock. */
export const exitReportSchema = z.strictObject({
  code: z.int().min(0).max(255).nullable(),
  signal: z.int().min(1).max(64).nullable(),
  wallMs: durationMs,
  cpuMs: durationMs,
  peakMemoryBytes: z.int().nonnegative().max(PEBIBYTE).nullable(),
  oomKilled: z.boolean(),
  limit: z.enum(['wall', 'cpu', 'output']).nullable(),
  hits: z.array(z.enum(['memoryBytes', 'processes', 'diskBytes'])),
})
export type ExitReport = z.infer<typeof exitReportSchema>

export const agentErrorSchema = z.strictObject({
  message: z.string().max(4096),
})
