// The part of Runnel's API that a start needs: is it ready, run this program, show its output.
import { setTimeout as delay } from 'node:timers/promises'

const READY_TIMEOUT_MS = 60_000
const REPLY_TIMEOUT_MS = 2_000

/** Resolves when the API answers and that many workers have reported to it. */
export const untilReady = async (url: string, workers: number, signal: AbortSignal): Promise<void> => {
  const deadline = Date.now() + READY_TIMEOUT_MS
  let answer = 'nothing'
  while (Date.now() < deadline) {
    try {
      const response = await fetch(`${url}/health/ready`, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(REPLY_TIMEOUT_MS)]),
      })
      answer = await response.text()
      const health: { workers?: number } = JSON.parse(answer)
      if (response.ok && (health.workers ?? 0) >= workers) return
    } catch {
      signal.throwIfAborted()
    }
    await delay(50, undefined, { signal })
  }
  throw new Error(`Not ready after ${READY_TIMEOUT_MS / 1000} seconds (/health/ready says ${answer}): read .runnel/log`)
}

export interface Finished {
  readonly outcome: { readonly type: string; readonly exitCode?: number }
  readonly usage: { readonly wallMs: number } | null
}

type Event =
  | { readonly type: 'stdout' | 'stderr'; readonly encoding: BufferEncoding; readonly data: string }
  | (Finished & { readonly type: 'finished' })
  | { readonly type: 'queued' | 'started' | 'restarted' | 'dropped' }

/** Submits a program and passes its output on as it comes. */
export const runProgram = async (
  url: string,
  program: { readonly language: string; readonly code: string },
  onOutput: (text: string) => void,
  signal: AbortSignal,
): Promise<Finished> => {
  const response = await fetch(`${url}/v1/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(program),
    signal,
  })
  if (response.status !== 202)
    throw new Error(`The API refused the example (${response.status}): ${await response.text()}`)
  const job: { id: string } = JSON.parse(await response.text())
  return await follow(`${url.replace('http', 'ws')}/v1/jobs/${job.id}/events`, onOutput, signal)
}

const follow = (url: string, onOutput: (text: string) => void, signal: AbortSignal): Promise<Finished> => {
  const { promise, resolve, reject } = Promise.withResolvers<Finished>()
  const socket = new WebSocket(url)
  const stop = () => {
    reject(signal.reason)
    socket.close()
  }
  signal.addEventListener('abort', stop, { once: true })
  socket.addEventListener('message', ({ data }) => {
    const event: Event = JSON.parse(String(data))
    if (event.type === 'stdout' || event.type === 'stderr') onOutput(Buffer.from(event.data, event.encoding).toString())
    if (event.type === 'finished') resolve(event)
  })
  let reason = ''
  socket.addEventListener('error', (event) => {
    reason = 'message' in event ? ` (${event.message})` : ''
  })
  socket.addEventListener('close', ({ code }) =>
    reject(new Error(`The events ended early, with code ${code}${reason}: read .runnel/log`)),
  )
  return promise.finally(() => {
    signal.removeEventListener('abort', stop)
    socket.close()
  })
}
