/// <reference lib="esnext.disposable" preserve="true" />
import { toPauseMs } from '../back-off.ts'
import { isPassing, RunnelApiError, RunnelConnectionError } from '../errors.ts'
import type { CallOptions } from '../jobs.ts'
import { isRecord, readJson } from '../json.ts'
import { splitLines } from '../lines.ts'
import { pause } from '../pause.ts'
import type { OpenPort, PortChange } from './contract.ts'
import type { Place } from './place.ts'

export interface PortHandle extends AsyncDisposable {
  stop(): Promise<void>
  /** Rejects when nothing more can come: the sandbox has ended, or the callback threw. Resolves after `stop`. */
  readonly ended: Promise<void>
}

export interface WaitForPortOptions extends CallOptions {
  /** Default 60,000. */
  readonly timeoutMs?: number | undefined
}

const WAIT_MS = 60_000

const isChange = (value: unknown): value is PortChange => isRecord(value) && value['type'] === 'port'

/** First the ports that are open, then each change. After a broken connection it starts again with those that are open. */
export const followPorts = (
  place: Place,
  onChange: (change: PortChange) => unknown,
  { signal }: CallOptions = {},
): PortHandle => {
  const { link } = place
  const stopping = new AbortController()
  const stop = (): void => stopping.abort()
  signal?.addEventListener('abort', stop, { once: true })
  if (signal?.aborted) stop()
  let failures = 0
  let hasThrown = false

  const read = async (): Promise<void> => {
    const response = await link.http.open('GET', place.pathOf('/ports/events'), {
      headers: { accept: 'application/x-ndjson' },
      signal: stopping.signal,
    })
    if (response.body === null) return
    for await (const line of splitLines(response.body, { wait: () => {}, stopWaiting: () => {} })) {
      const value = readJson(line)
      if (!isChange(value)) continue
      failures = 0
      try {
        await onChange(value)
      } catch (error) {
        hasThrown = true
        throw error
      }
    }
    throw new RunnelConnectionError('The events of ports ended')
  }

  const readToEnd = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        await read()
      } catch (error) {
        if (stopping.signal.aborted) return
        const isQueued = error instanceof RunnelApiError && error.code === 'sandbox-queued'
        // A TypeError is what fetch throws when an answer breaks off.
        const mayPass = !hasThrown && (isQueued || isPassing(error) || error instanceof TypeError)
        if (!mayPass) throw error
        failures += 1
        await pause(toPauseMs(failures, Math.random()), link.wakeUp, stopping.signal).catch(() => {})
      }
    }
  }

  const ended = readToEnd().finally(() => signal?.removeEventListener('abort', stop))
  // It reaches those who wait for it. If nobody does, it is no unhandled rejection.
  ended.catch(() => {})
  return {
    ended,
    async stop() {
      stop()
    },
    async [Symbol.asyncDispose]() {
      stop()
    },
  }
}

/** Throws a RunnelConnectionError if nothing listens in time, and a RunnelApiError if the sandbox ends. */
export const waitForPort = async (
  place: Place,
  port: number,
  { timeoutMs = WAIT_MS, signal }: WaitForPortOptions = {},
): Promise<OpenPort> => {
  const { promise: found, resolve, reject } = Promise.withResolvers<OpenPort>()
  const handle = followPorts(place, (change) => {
    if (change.port === port && change.open) resolve({ port, url: change.url })
  })
  const timer = setTimeout(
    () => reject(new RunnelConnectionError(`Nothing listened on port ${port} within ${timeoutMs} ms`)),
    timeoutMs,
  )
  const onAbort = (): void => reject(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  if (signal?.aborted) onAbort()
  handle.ended.catch(reject)
  try {
    return await found
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
    await handle.stop()
  }
}
