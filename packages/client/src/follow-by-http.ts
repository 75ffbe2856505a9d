import { readApiError } from './api-error.ts'
import type { JobEvent } from './contract.ts'
import { RunnelConnectionError } from './errors.ts'
import { isEvent } from './frame.ts'
import type { Http } from './http.ts'
import { isRecord, readJson } from './json.ts'
import { splitLines } from './lines.ts'

/** The server sends an empty line after 15 s of silence. */
const SILENT_MS = 40_000

/**
 * The events at `path` after `after`, as NDJSON, until the answer ends. Where WebSockets are blocked. Throws if the answer breaks,
 * or ends with an error. Nothing is read while the consumer is busy, so a slow one costs no memory.
 */
export async function* followByHttp(options: {
  readonly http: Http
  readonly path: string
  readonly after: string | undefined
  readonly signal: AbortSignal | undefined
  /** The header of this one request; undefined: that of all. */
  readonly authorization: string | undefined
  readonly onOpen: () => void
}): AsyncGenerator<JobEvent, void> {
  const { http, path, after, signal, authorization, onOpen } = options
  const own = new AbortController()
  const both = signal === undefined ? own.signal : AbortSignal.any([signal, own.signal])
  const silent = new RunnelConnectionError(`Runnel has sent nothing for ${SILENT_MS} ms`)
  let timer = setTimeout(() => own.abort(silent), SILENT_MS)
  const stopWaiting = (): void => clearTimeout(timer)
  const wait = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => own.abort(silent), SILENT_MS)
  }
  try {
    const response = await http.open('GET', path, {
      query: { after },
      headers: { accept: 'application/x-ndjson', ...(authorization === undefined ? {} : { authorization }) },
      signal: both,
    })
    onOpen()
    if (response.body === null) return
    // Time counts only while something is awaited, not while the consumer is busy.
    for await (const line of splitLines(response.body, { wait, stopWaiting })) {
      const value = readJson(line)
      if (isEvent(value)) {
        stopWaiting()
        yield value
      } else if (isRecord(value) && value['type'] === 'error') {
        throw readApiError(value['error']) ?? new RunnelConnectionError('Runnel sent an error that cannot be read')
      }
    }
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    if (own.signal.aborted) throw own.signal.reason
    // What fetch throws when an answer breaks off.
    if (error instanceof TypeError || (error instanceof DOMException && error.name !== 'AbortError'))
      throw new RunnelConnectionError('The connection to Runnel broke', { cause: error })
    throw error
  } finally {
    stopWaiting()
    own.abort()
  }
}
