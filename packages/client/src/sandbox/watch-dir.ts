/// <reference lib="esnext.disposable" preserve="true" />
import { toPauseMs } from '../back-off.ts'
import { isPassing, RunnelConnectionError } from '../errors.ts'
import type { CallOptions } from '../jobs.ts'
import { isRecord, readJson } from '../json.ts'
import { splitLines } from '../lines.ts'
import { pause } from '../pause.ts'
import type { WatchEvent } from './contract.ts'
import type { Place } from './place.ts'

export interface WatchHandle extends AsyncDisposable {
  readonly id: string
  /** Ends the watcher. */
  stop(): Promise<void>
  /** Rejects when nothing more can come: the sandbox has ended, or `onEvent` threw. Resolves after `stop`. */
  readonly ended: Promise<void>
}

const isWatchEvent = (value: unknown): value is WatchEvent =>
  isRecord(value) && typeof value['id'] === 'number' && typeof value['path'] === 'string'

/** When it resolves, the folder is watched. After a broken connection it continues behind the last event. */
export const watchDir = async (
  place: Place,
  path: string,
  onEvent: (event: WatchEvent) => unknown,
  { signal, recursive }: CallOptions & { readonly recursive?: boolean | undefined },
): Promise<WatchHandle> => {
  const { link } = place
  const { id } = await place.request<{ id: string }>('POST', '/watchers', { body: { path, recursive }, signal })
  const stopping = new AbortController()
  let after = 0
  let failures = 0
  let thrown: { readonly error: unknown } | undefined

  const read = async (): Promise<void> => {
    const response = await link.http.open('GET', place.pathOf(`/watchers/${id}/events`), {
      query: { after },
      headers: { accept: 'application/x-ndjson' },
      signal: stopping.signal,
    })
    if (response.body === null) return
    for await (const line of splitLines(response.body, { wait: () => {}, stopWaiting: () => {} })) {
      const value = readJson(line)
      if (!isWatchEvent(value)) continue
      failures = 0
      after = value.id
      try {
        await onEvent(value)
      } catch (error) {
        thrown = { error }
        throw error
      }
    }
    throw new RunnelConnectionError('The events of a watcher ended')
  }

  const readToEnd = async (): Promise<void> => {
    for (;;) {
      try {
        await read()
      } catch (error) {
        if (stopping.signal.aborted) return
        // A TypeError is what fetch throws when an answer breaks off.
        const mayPass = thrown === undefined && (isPassing(error) || error instanceof TypeError)
        if (!mayPass) throw error
        failures += 1
        await pause(toPauseMs(failures, Math.random()), link.wakeUp, stopping.signal).catch(() => {})
        if (stopping.signal.aborted) return
      }
    }
  }

  const ended = readToEnd()
  // It reaches those who wait for it. If nobody does, it is no unhandled rejection.
  ended.catch(() => {})
  const stop = async (): Promise<void> => {
    stopping.abort()
    await place.request('DELETE', `/watchers/${id}`)
  }
  return { id, ended, stop, [Symbol.asyncDispose]: stop }
}
