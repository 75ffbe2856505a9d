import {
  type EventPosition,
  type JobEvent,
  type JobEventType,
  jobEventSchema,
  readEventId,
  toEventId,
} from '@runnel/contract/public'

/**
 * An event on its way to clients. Its JSON is written once and not parsed on the way.
 *
 *   on the channel   a message `<id> <type> <JSON>`, split at the first two spaces
 *   in the log       an entry of a stream, whose id is the event's id, with the fields `type` and `message`, in this order
 *
 * Scripts look at `type` only. The log has the whole message: a script that joins it from parts needs 320 µs of Redis's
 * processor time for an event of 64 KiB instead of 230 µs (2026-11-29).
 */
export interface LogEntry {
  readonly id: string
  /** The same as `id`, parsed. */
  readonly position: EventPosition
  readonly type: JobEventType
  /** The event, as clients get it. */
  readonly json: string
}

/** An event without the fields that every type has. */
export type EventBody = JobEvent extends infer E ? (E extends JobEvent ? Omit<E, 'jobId' | 'id' | 'at'> : never) : never

export const toEntry = (
  head: { readonly jobId: string; readonly position: EventPosition; readonly at: string },
  body: EventBody,
): LogEntry => {
  const { jobId, position, at } = head
  const { type, ...rest } = body
  const id = toEventId(position)
  return { id, position, type, json: JSON.stringify({ jobId, id, at, type, ...rest }) }
}

export const toMessage = ({ id, type, json }: Pick<LogEntry, 'id' | 'type' | 'json'>): string => `${id} ${type} ${json}`

/** The fields of the stream entry. */
export const toFields = (entry: Pick<LogEntry, 'id' | 'type' | 'json'>): string[] => [
  'type',
  entry.type,
  'message',
  toMessage(entry),
]

const TYPES: ReadonlySet<string> = new Set(jobEventSchema.options.map((option) => option.shape.type.value))
const isType = (text: string): text is JobEventType => TYPES.has(text)
const ID = /^\d+-\d+$/

/** Undefined if the message is not an event. */
export const readMessage = (message: string): LogEntry | undefined => {
  const afterId = message.indexOf(' ')
  const afterType = message.indexOf(' ', afterId + 1)
  const id = message.slice(0, afterId)
  const type = message.slice(afterId + 1, afterType)
  if (!ID.test(id) || !isType(type)) return undefined
  return { id, position: readEventId(id), type, json: message.slice(afterType + 1) }
}

/** Parses an entry of the log from Redis's answer: the id, then a list of fields and values. Throws if it is not an event. */
export const readStored = (stored: unknown): LogEntry => {
  const [id, fields]: unknown[] = Array.isArray(stored) ? stored : []
  const message: unknown = Array.isArray(fields) ? fields[3] : undefined
  const entry = typeof message === 'string' ? readMessage(message) : undefined
  if (entry === undefined) throw new Error(`Entry ${id} of a log is not an event`)
  return entry
}

export const isAfter = (a: EventPosition, b: EventPosition): boolean =>
  a.attempt === b.attempt ? a.n > b.n : a.attempt > b.attempt
