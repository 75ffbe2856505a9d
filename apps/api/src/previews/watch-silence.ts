import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { countTakenBytes } from '../events/taken-bytes.ts'

export interface SilenceWatch extends Disposable {
  /** The connection to the program, when there is one. */
  readonly watch: (stream: Duplex) => void
}

const CHECKS = 10

/**
 * Calls back, once, when somebody waits and nothing has moved for that long: the client for the start of an answer, or the program's
 * answer for a client that takes nothing. An answer that has started and is silent is left alone: events may come.
 */
export const watchSilence = (response: ServerResponse, silentMs: number, onSilence: () => void): SilenceWatch => {
  let before = -1
  let silentChecks = 0
  const streams: Duplex[] = []
  const countBytes = (): number => {
    let bytes = response.socket?.bytesRead ?? 0
    for (const stream of streams) if ('bytesRead' in stream) bytes += Number(stream.bytesRead)
    return bytes + (response.socket === null ? 0 : countTakenBytes(response.socket))
  }
  const timer = setInterval(() => {
    const now = countBytes()
    const isWaiting = !response.headersSent || response.writableNeedDrain
    silentChecks = isWaiting && now === before ? silentChecks + 1 : 0
    before = now
    if (silentChecks < CHECKS) return
    clearInterval(timer)
    onSilence()
  }, silentMs / CHECKS).unref()
  return {
    watch: (stream) => void streams.push(stream),
    [Symbol.dispose]: () => clearInterval(timer),
  }
}
