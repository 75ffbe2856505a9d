import { Worker } from 'node:worker_threads'
import type { Flood } from './flooder.ts'

/** A masked WebSocket frame, as clients send it. With a mask of zeros its payload is as it is. */
export const toFrame = (payload: string | Uint8Array, opcode = 0x81): Buffer => {
  const bytes = Buffer.from(payload)
  const head = Buffer.alloc(bytes.length < 126 ? 6 : bytes.length < 65_536 ? 8 : 14)
  head[0] = opcode
  if (bytes.length < 126) head[1] = 0x80 | bytes.length
  else if (bytes.length < 65_536) {
    head[1] = 0x80 | 126
    head.writeUInt16BE(bytes.length, 2)
  } else {
    head[1] = 0x80 | 127
    head.writeBigUInt64BE(BigInt(bytes.length), 2)
  }
  return Buffer.concat([head, bytes])
}

/** Repeats small frames, so that each write has many. */
export const many = (frame: Buffer): Buffer => Buffer.concat(Array(Math.ceil(65_536 / frame.length)).fill(frame))

type Given = Pick<Flood, 'url' | 'authorization' | 'bytes'>

/** Three sockets of GET /v1/stream, on which the bytes are sent again and again. */
export const ofStream = (given: Given): Flood => ({
  ...given,
  target: 'GET /v1/stream',
  kind: 'socket',
  connections: 3,
  opening: Buffer.alloc(0),
  until: ' 101 ',
  reads: true,
})

/** Three clients of socket.io, which are identified before they flood. */
export const ofSocketIo = (given: Given): Flood => ({
  ...ofStream(given),
  target: 'GET /socket.io/?EIO=4&transport=websocket',
  opening: toFrame('40'),
  until: '40{',
})

/** Three clients that send the bytes as a body, and again when they are answered. */
export const ofBodies = (given: Given): Flood => ({ ...ofStream(given), target: 'POST /v1/jobs', kind: 'requests' })

/** A hundred clients that each ask again when they are answered. */
export const ofRequests = (given: Given): Flood => ({
  ...ofBodies(given),
  target: 'GET /v1/jobs?limit=5',
  connections: 100,
})

/** Three clients that send requests and wait for no answer. */
export const ofPipelines = (given: Given): Flood => ({
  ...ofStream(given),
  target: 'GET /v1/languages',
  kind: 'pipeline',
})

interface Flooder extends AsyncDisposable {
  /** Returns when the flood has begun. */
  flood(): Promise<void>
  /** Returns when all its connections are closed. */
  rest(): Promise<void>
  /** How often a connection was closed. */
  closed(): number
}

export const createFlooder = (flood: Flood): Flooder => {
  const worker = new Worker(new URL('./flooder.ts', import.meta.url), { workerData: flood })
  let closed = 0
  let reached = Promise.withResolvers<void>()
  let awaited: 'flooding' | 'resting' | undefined
  // One listener for all messages: several can come in one turn.
  worker.on('message', (message) => {
    if (message === 'closed') closed += 1
    if (message === awaited) reached.resolve()
  })
  const ask = (wanted: 'flood' | 'rest', state: 'flooding' | 'resting'): Promise<void> => {
    awaited = state
    reached = Promise.withResolvers()
    worker.postMessage(wanted)
    return reached.promise
  }
  return {
    closed: () => closed,
    flood: () => ask('flood', 'flooding'),
    rest: () => ask('rest', 'resting'),
    async [Symbol.asyncDispose]() {
      await worker.terminate()
    },
  }
}

const medianOf = (times: readonly number[]): number =>
  times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)] ?? 0

const SLICES = 6
const CALLS_IN_SLICE = 5

/**
 * How long a call takes without a flood and during it: the medians in milliseconds, of calls one after another. Flood and rest take
 * turns, so whatever else keeps the machine busy meets both alike. Their quotient was from 0.6 to 2.4 where the quiet median was from 7 to
 * 100 ms, because the load was 12 to 34 (2026-11-30).
 */
export const compareMedians = async (
  call: () => Promise<unknown>,
  flood: Flood,
): Promise<{ readonly quietMs: number; readonly floodedMs: number }> => {
  await using flooder = createFlooder(flood)
  const measure = async (times: number[]): Promise<void> => {
    for (let n = 0; n < CALLS_IN_SLICE; n += 1) {
      const startedAt = performance.now()
      await call()
      times.push(performance.now() - startedAt)
    }
  }
  const quiet: number[] = []
  const flooded: number[] = []
  await measure([])
  for (let slice = 0; slice < SLICES; slice += 1) {
    await measure(quiet)
    await flooder.flood()
    await measure(flooded)
    await flooder.rest()
  }
  return { quietMs: medianOf(quiet), floodedMs: medianOf(flooded) }
}
