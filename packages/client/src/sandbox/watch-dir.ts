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

export interface WatchOptions extends CallOptions {
  /** Also what is in the folders below. Default false. */
  readonly recursive?: boolean | undefined
  /**
   * For a page that may be loaded again: joins a watcher of the same folder, if there is one, and `stop` leaves it running for the
   * next. A sandbox has at most 16 watchers. `path` must be absolute then. Default false.
   */
  readonly reuse?: boolean | undefined
}

interface Watched {
  readonly path: string
  readonly recursive: boolean
}

const make = (place: Place, body: Watched, signal: AbortSignal | undefined): Promise<{ readonly id: string }> =>
  place.request('POST', '/watchers', { body, signal })

/** The watcher of this folder that is there, and its last event. */
const join = async (
  place: Place,
  wanted: Watched,
  signal: AbortSignal | undefined,
): Promise<{ readonly id: string; readonly last: number } | undefined> => {
  const { watchers } = await place.request<{ watchers: (Watched & { readonly id: string })[] }>('GET', '/watchers', {
    signal,
  })
  const found = watchers.find(({ path, recursive }) => path === wanted.path && recursive === wanted.recursive)
  if (found === undefined) return undefined
  const { next } = await place.request<{ next: number }>('GET', `/watchers/${found.id}`, { signal })
  return { id: found.id, last: next }
}

/** When it resolves, the folder is watched. After a broken connection it continues behind the last event. */
export const watchDir = async (
  place: Place,
  path: string,
  onEvent: (event: WatchEvent) => unknown,
  { signal, recursive = false, reuse = false }: WatchOptions,
): Promise<WatchHandle> => {
  const { link } = place
  const joined = reuse ? await join(place, { path, recursive }, signal) : undefined
  const { id, last } = joined ?? { ...(await make(place, { path, recursive }, signal)), last: 0 }
  const stopping = new AbortController()
  let after = last
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
    if (!reuse) await place.request('DELETE', `/watchers/${id}`)
  }
  return { id, ended, stop, [Symbol.asyncDispose]: stop }
}
