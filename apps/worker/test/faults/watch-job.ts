import { setTimeout as delay } from 'node:timers/promises'
import { type EventPosition, type JobEvent, jobEventSchema, readEventId } from '@runnel/contract/public'

/** An event came twice, or is missing. */
class OrderError extends Error {
  override name = 'OrderError'
}

const RETRY_MS = 200

/** Whether this event may come next: it is the next of its attempt, or the first of a later one. */
const isNext = (last: EventPosition | undefined, { attempt, n }: EventPosition, type: JobEvent['type']): boolean => {
  if (last === undefined) return attempt === 0 && n === 1
  if (attempt === last.attempt) return n === last.n + 1
  const firstTypes = last.attempt === 0 ? ['started', 'finished'] : ['restarted']
  return attempt > last.attempt && n === 1 && firstTypes.includes(type)
}

export const requireNext = (last: JobEvent | undefined, event: JobEvent): void => {
  if (last?.type === 'finished') throw new OrderError(`${event.id} ${event.type} came after the end`)
  if (isNext(last && readEventId(last.id), readEventId(event.id), event.type)) return
  throw new OrderError(`${event.id} ${event.type} came after ${last?.id ?? 'nothing'} ${last?.type ?? ''}`)
}

type Transport = (url: string, signal: AbortSignal) => AsyncIterable<string>

/** A transport yields the JSON of one event at a time, and ends when its connection ends, for any reason. */
const overHttp = (accept: string, toJson: (line: string) => string | undefined): Transport =>
  async function* (url, signal) {
    const answer = await fetch(url, { headers: { accept }, signal })
    if (answer.status !== 200 || answer.body === null) throw new Error(`${answer.status}: ${await answer.text()}`)
    let pending = ''
    for await (const text of answer.body.pipeThrough(new TextDecoderStream())) {
      const whole = (pending + text).split('\n')
      pending = whole.pop() ?? ''
      for (const line of whole) {
        const json = toJson(line)
        if (json !== undefined) yield json
      }
    }
  }

async function* overSocket(url: string, signal: AbortSignal): AsyncGenerator<string> {
  const socket = new WebSocket(url.replace('http', 'ws'))
  const waiting: string[] = []
  let isOver = false
  let wake = (): void => {}
  const end = (): void => {
    isOver = true
    wake()
  }
  signal.addEventListener('abort', () => socket.close(), { once: true })
  socket.addEventListener('message', ({ data }) => {
    waiting.push(String(data))
    wake()
  })
  for (const name of ['close', 'error'] as const) socket.addEventListener(name, end)
  while (true) {
    const json = waiting.shift()
    if (json !== undefined) yield json
    else if (isOver) return
    else {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
}

export const TRANSPORTS: readonly Transport[] = [
  overHttp('application/x-ndjson', (line) => (line === '' ? undefined : line)),
  overHttp('text/event-stream', (line) => (line.startsWith('data: ') ? line.slice(6) : undefined)),
  overSocket,
]

/**
 * Follows a job to its end over one kind of connection, and continues after the last event if the connection breaks. A
 * stream that ends without `finished` is not the end. Throws an OrderError if an event is missing or comes twice.
 */
export const watchJob = async (
  url: string,
  transport: Transport,
  options: { readonly pauseMs: number; readonly signal: AbortSignal; readonly onFirst?: () => void },
): Promise<JobEvent[]> => {
  const { pauseMs, signal, onFirst = () => {} } = options
  const events: JobEvent[] = []
  while (!signal.aborted) {
    const after = events.at(-1)?.id
    try {
      for await (const json of transport(after === undefined ? url : `${url}?after=${after}`, signal)) {
        const event = jobEventSchema.parse(JSON.parse(json))
        requireNext(events.at(-1), event)
        events.push(event)
        if (events.length === 1) onFirst()
        if (event.type === 'finished') return events
        // A slow reader.
        if (pauseMs > 0) await delay(pauseMs)
      }
    } catch (error) {
      if (error instanceof OrderError) throw error
    }
    await delay(RETRY_MS)
  }
  return events
}
