import { RunnelConnectionError } from './errors.ts'
import type { ClientFrame } from './frame.ts'
import type { HttpMethod } from './http.ts'
import type { CallOptions } from './jobs.ts'
import type { Link } from './link.ts'

type JobFrame = Extract<ClientFrame, { jobId: string }>

/** The same over HTTP. */
const toRequest = (frame: JobFrame): { method: HttpMethod; path: string; body?: unknown } => {
  switch (frame.type) {
    case 'cancel':
      return { method: 'DELETE', path: '' }
    case 'stdin': {
      const { type: _, jobId: __, ...body } = frame
      return { method: 'POST', path: '/stdin', body }
    }
    case 'signal':
      return { method: 'POST', path: '/signal', body: { signal: frame.signal } }
    case 'resize':
      return { method: 'POST', path: '/resize', body: { cols: frame.cols, rows: frame.rows } }
    default:
      throw new TypeError(`${frame.type} is not written to a job`)
  }
}

/** Rejects when the signal aborts. What was sent may still arrive. */
const orAborted = async <T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> => {
  if (signal === undefined) return work
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/**
 * Sends something to a job: on a WebSocket that is open already, because it is quick and keeps the order; otherwise over HTTP,
 * one after another. With tickets always on a WebSocket. Nothing is sent twice.
 */
export const createWriter = (link: Link, pathOf: (jobId: string, rest: string) => string) => {
  const { http, pool, getTicket } = link
  /** Of each job: settles when the next write may be sent. */
  const turns = new Map<string, Promise<unknown>>()

  const send = (
    frame: JobFrame,
    signal: AbortSignal | undefined,
  ): { sent: Promise<unknown>; done: Promise<unknown> } => {
    const { method, path, body } = toRequest(frame)
    const url = pathOf(frame.jobId, path)
    const lease = getTicket === undefined ? pool.findOpen(frame.jobId) : pool.forJob(frame.jobId)
    if (lease === undefined) {
      const done = http.request(method, url, { body, signal })
      return { sent: done, done }
    }
    const { socket } = lease
    const done = socket.ask(frame).finally(lease.release)
    // Frames are answered in order, so the next one may follow at once.
    return { sent: socket.opened, done }
  }

  return async (jobId: string, frame: JobFrame, { signal }: CallOptions): Promise<void> => {
    signal?.throwIfAborted()
    const turn = Promise.withResolvers<void>()
    const before = turns.get(jobId)
    turns.set(jobId, turn.promise)
    try {
      await before
      signal?.throwIfAborted()
      const { sent, done } = send(frame, signal)
      sent.catch(() => {}).then(() => turn.resolve())
      await orAborted(done, signal)
    } catch (error) {
      if (error instanceof RunnelConnectionError)
        throw new RunnelConnectionError(`${error.message}. It is not known whether ${frame.type} arrived`, {
          cause: error,
        })
      throw error
    } finally {
      turn.resolve()
      if (turns.get(jobId) === turn.promise) turns.delete(jobId)
    }
  }
}
