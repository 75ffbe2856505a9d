import { readApiError } from '../api-error.ts'
import { toPauseMs } from '../back-off.ts'
import type { Outcome } from '../contract.ts'
import { isPassing, RunnelConnectionError } from '../errors.ts'
import type { CallOptions } from '../jobs.ts'
import { isRecord, readJson } from '../json.ts'
import { pause } from '../pause.ts'
import { killCommand } from './command-handle.ts'
import type { Place } from './place.ts'

export interface TerminalOptions {
  /** Default 80. */
  readonly cols?: number | undefined
  /** Default 24. */
  readonly rows?: number | undefined
  /** What it shows, as bytes: give them to a terminal emulator. */
  readonly onData: (bytes: Uint8Array<ArrayBuffer>) => void
  /**
   * The connection was lost, and is back: clear the screen. What it showed last comes next, as `onData`. `connect` calls it
   * before its first bytes too.
   */
  readonly onReset?: (() => void) | undefined
  /** Whether the connection is up. */
  readonly onConnection?: ((state: 'open' | 'lost') => void) | undefined
}

/** A terminal on a WebSocket. The terminal goes on when the connection closes. */
export interface Terminal {
  /** `pty.connect` takes it. A terminal is a command in the background: `commands.list` has it too. */
  readonly id: string
  readonly pid: number
  /** Types. What is typed while the connection is lost is dropped. */
  write(data: string | Uint8Array): void
  resize(size: { readonly cols: number; readonly rows: number }): void
  /** Resolves when its program has ended. Rejects when it cannot be reached any more, or after `close`. */
  readonly ended: Promise<Outcome>
  /** Closes the connection. The terminal goes on. */
  close(): void
  /** Ends the terminal. False if it had ended. */
  kill(options?: CallOptions): Promise<boolean>
}

const TRIES = 8
const OPEN_TIMEOUT_MS = 15_000

interface Ready {
  readonly id: string
  readonly pid: number
  readonly isNew: boolean
}

const isReady = (value: Readonly<Record<string, unknown>>): boolean =>
  value['type'] === 'ready' && typeof value['id'] === 'string' && typeof value['pid'] === 'number'

const toSocketUrl = ({ link, pathOf }: Place, query: Record<string, string>): string =>
  `${link.http.baseUrl.replace(/^http/, 'ws')}${pathOf('/terminal')}?${new URLSearchParams(query)}`

/** One connection, until it closes. `onReady` is called once, before anything that is shown. */
const runSocket = (
  socket: WebSocket,
  { onReady, onData }: { readonly onReady: (ready: Ready) => void; readonly onData: TerminalOptions['onData'] },
): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    let error: Error | undefined
    const late = setTimeout(() => {
      error = new RunnelConnectionError(`No terminal within ${OPEN_TIMEOUT_MS} ms`)
      socket.close()
    }, OPEN_TIMEOUT_MS)
    socket.binaryType = 'arraybuffer'
    socket.addEventListener('message', ({ data }) => {
      if (data instanceof ArrayBuffer) return onData(new Uint8Array(data))
      const frame = readJson(String(data))
      if (!isRecord(frame)) return
      if (isReady(frame)) {
        clearTimeout(late)
        onReady({ id: String(frame['id']), pid: Number(frame['pid']), isNew: frame['isNew'] === true })
      } else if (frame['type'] === 'error') error = readApiError(frame['error'])
      else if (frame['type'] === 'finished') {
        // As the API sends it.
        const { outcome } = frame as unknown as { outcome: Outcome }
        resolve(outcome)
      }
    })
    socket.addEventListener('close', ({ code }) => {
      clearTimeout(late)
      reject(error ?? new RunnelConnectionError(`The connection of a terminal broke (WebSocket code ${code})`))
    })
  })

/** Opens a terminal, or with `id` connects to one again. */
export const openTerminal = async (
  place: Place,
  options: TerminalOptions & { readonly id?: string | undefined },
): Promise<Terminal> => {
  const { accessToken, link } = place
  const closing = new AbortController()
  let size = { cols: options.cols ?? 80, rows: options.rows ?? 24 }
  let socket: WebSocket | undefined
  let known: Ready | undefined
  let failures = 0
  const first = Promise.withResolvers<Ready>()

  const runOnce = (): Promise<Outcome> => {
    const id = known?.id ?? options.id
    const url = toSocketUrl(place, {
      cols: String(size.cols),
      rows: String(size.rows),
      ...(id === undefined ? {} : { command: id }),
    })
    // The WebSocket of a browser takes no header.
    const opened = accessToken === undefined ? new WebSocket(url) : new WebSocket(url, ['runnel', accessToken])
    socket = opened
    return runSocket(opened, {
      onData: options.onData,
      onReady(ready) {
        known = ready
        failures = 0
        if (!ready.isNew) options.onReset?.()
        options.onConnection?.('open')
        first.resolve(ready)
      },
    })
  }

  const runToEnd = async (): Promise<Outcome> => {
    for (;;) {
      try {
        return await runOnce()
      } catch (error) {
        if (closing.signal.aborted) throw closing.signal.reason
        failures += 1
        // Before it was there the first time, the caller decides. After that it is there, so a lost connection may come back.
        if (!isPassing(error) || known === undefined || failures >= TRIES) throw error
        options.onConnection?.('lost')
        await pause(toPauseMs(failures, Math.random()), link.wakeUp, closing.signal)
      }
    }
  }

  const ended = runToEnd()
  ended.catch(first.reject)
  const { id, pid } = await first.promise
  const send = (data: string | Uint8Array<ArrayBuffer>): void => {
    if (socket?.readyState === WebSocket.OPEN) socket.send(data)
  }
  return {
    id,
    pid,
    ended,
    write: (data) => send(typeof data === 'string' ? new TextEncoder().encode(data) : new Uint8Array(data)),
    resize({ cols, rows }) {
      size = { cols, rows }
      send(JSON.stringify({ type: 'resize', cols, rows }))
    },
    close() {
      closing.abort(new RunnelConnectionError('The terminal was closed here'))
      socket?.close()
    },
    kill: ({ signal } = {}) => killCommand(place, id, signal),
  }
}
