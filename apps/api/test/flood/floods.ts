import { once } from 'node:events'
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

/** Floods until it is disposed. Returns when the flood has begun. */
export const startFlood = async (flood: Flood): Promise<AsyncDisposable & { readonly closed: () => number }> => {
  const worker = new Worker(new URL('./flooder.ts', import.meta.url), { workerData: flood })
  let closed = 0
  worker.on('message', (message) => {
    if (message === 'closed') closed += 1
  })
  await once(worker, 'message')
  return {
    closed: () => closed,
    async [Symbol.asyncDispose]() {
      await worker.terminate()
    },
  }
}

/** How long calls take, in milliseconds: the median of `calls`, one after another. */
export const medianOf = async (calls: number, call: () => Promise<unknown>): Promise<number> => {
  const times: number[] = []
  for (let n = 0; n < calls; n += 1) {
    const startedAt = performance.now()
    await call()
    times.push(performance.now() - startedAt)
  }
  return times.toSorted((one, other) => one - other)[Math.floor(calls / 2)] ?? 0
}
