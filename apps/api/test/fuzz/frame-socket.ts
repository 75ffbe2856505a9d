import { once } from 'node:events'
import { type ServerFrame, serverFrameSchema } from '@runnel/contract/public'
import { eventually } from '@runnel/testing'
import { expect } from 'vitest'
import { WebSocket } from 'ws'
import { expectNothingOfOurs } from './answers.ts'
import type { Sent } from './frames.ts'
import type { House } from './house.ts'

/** A socket of `/v1/stream`. Every frame is checked as it comes. */
export interface FrameSocket extends Disposable {
  readonly socket: WebSocket
  /** Sends all of it, then one more frame. When that is answered, returns the answers to the others. */
  exchange(sent: readonly Sent[]): Promise<ServerFrame[]>
}

const send = (socket: WebSocket, { data, isBinary, pieces }: Sent): void => {
  const size = Math.ceil(data.length / pieces)
  for (let at = 0, n = 1; n <= pieces; at += size, n += 1) {
    socket.send(data.subarray(at, at + size), { binary: isBinary, fin: n === pieces })
  }
}

const ANSWER_MS = 12_000

export const openFrameSocket = async ({ url, caller: { headers } }: House): Promise<FrameSocket> => {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/stream`, { headers })
  const answers: ServerFrame[] = []
  let fault: unknown
  let exchanges = 0
  socket.on('message', (data) => {
    try {
      const text = String(data)
      const frame = serverFrameSchema.parse(JSON.parse(text))
      if (frame.type === 'event') return
      expectNothingOfOurs(text)
      // From a subscription that failed some time after it was answered.
      if (frame.type === 'error' && frame.error.code === 'internal') throw new Error(text)
      answers.push(frame)
    } catch (error) {
      fault = error
    }
  })
  await once(socket, 'open')
  return {
    socket,
    async exchange(sent) {
      exchanges += 1
      const last = `exchange ${exchanges}`
      const isLast = (answer: ServerFrame): boolean => 'ref' in answer && answer.ref === last
      answers.length = 0
      for (const one of sent) send(socket, one)
      socket.send(JSON.stringify({ type: 'unsubscribe', ref: last, jobId: `job_${'0'.repeat(32)}` }))
      await eventually(
        () => {
          if (fault !== undefined) throw fault
          expect(socket.readyState).toBe(WebSocket.OPEN)
          expect(answers.findLastIndex(isLast)).toBeGreaterThanOrEqual(0)
        },
        { everyMs: 2, withinMs: ANSWER_MS },
      )
      // The error of a subscription may come even later.
      return answers.slice(0, answers.findLastIndex(isLast))
    },
    [Symbol.dispose]: () => socket.terminate(),
  }
}
