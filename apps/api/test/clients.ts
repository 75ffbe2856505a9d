import { once } from 'node:events'
import { type JobEvent, jobEventSchema } from '@runnel/contract/public'
import { WebSocket } from 'ws'

/** The lines of an answer, as they come. */
async function* readLines(response: Response): AsyncGenerator<string> {
  if (response.body === null) return
  let pending = ''
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (pending + text).split('\n')
    pending = lines.pop() ?? ''
    yield* lines
  }
}

const parse = (json: string): JobEvent => jobEventSchema.parse(JSON.parse(json))

/** Called with each event; `false` ends the watching. */
type OnEvent = (event: JobEvent) => boolean | undefined

/** Throws if a stream ends before its job, even if it was closed properly. */
const requireEnd = (events: readonly JobEvent[]): void => {
  const last = events.at(-1)
  if (last?.type !== 'finished')
    throw new Error(`The stream ended after ${last?.id ?? 'nothing'}, without \`finished\``)
}

export const watchNdjson = async (url: string, onEvent: OnEvent = () => true): Promise<JobEvent[]> => {
  const events: JobEvent[] = []
  for await (const line of readLines(await fetch(url, { headers: { accept: 'application/x-ndjson' } }))) {
    if (line === '') continue
    const event = parse(line)
    events.push(event)
    if (onEvent(event) === false) return events
  }
  requireEnd(events)
  return events
}

export const watchServerSentEvents = async (url: string, lastEventId?: string): Promise<JobEvent[]> => {
  const headers = {
    accept: 'text/event-stream',
    ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
  }
  const events: JobEvent[] = []
  let id: string | undefined
  const response = await fetch(url, { headers })
  for await (const line of readLines(response)) {
    if (line.startsWith('id: ')) id = line.slice(4)
    if (!line.startsWith('data: ')) continue
    const event = parse(line.slice(6))
    if (event.id !== id) throw new Error(`The event ${event.id} came with the id ${id}`)
    events.push(event)
  }
  if (response.status !== 204) requireEnd(events)
  return events
}

export const watchSocket = async (url: string, onEvent: OnEvent = () => true): Promise<JobEvent[]> => {
  const socket = new WebSocket(url.replace('http', 'ws'))
  const events: JobEvent[] = []
  let isEnough = false
  socket.on('message', (data) => {
    const event = parse(String(data))
    events.push(event)
    if (onEvent(event) === false) {
      isEnough = true
      socket.terminate()
    }
  })
  await once(socket, 'close')
  if (!isEnough) requireEnd(events)
  return events
}

/** A socket of `/v1/stream`, with its frames in the order in which they came. */
export const openStream = async (url: string, headers: Readonly<Record<string, string>> = {}, query = '') => {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/stream${query}`, { headers })
  const frames: { type: string; ref?: string; [key: string]: unknown }[] = []
  socket.on('message', (data) => frames.push(JSON.parse(String(data))))
  await once(socket, 'open')
  return {
    socket,
    frames,
    send: (frame: unknown) => socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame)),
    answerTo: (ref: string) => frames.find((frame) => frame.ref === ref),
  }
}
