import {
  type EventPosition,
  type JobEvent,
  type JobEventType,
  jobEventSchema,
  readEventId,
  toEventId,
} from '@runnel/contract/public'

/**
 * An event on its way to clients. It is written once, and its JSON is not parsed on the way.
 *
 *   on the channel   a message `<id> <type> <JSON>`, split at the first two spaces
 *   in the log       an entry of a stream, whose id is the event's id, with the fields `type` and `message`, in this order
 *
 * Scripts look at `type` alone. The log has the whole message, because a script that joined it from its parts would take
 * half as long again for an event of 64 KiB (2026-11-29: 320 instead of 230 µs of Redis's processor).
 */
export interface LogEntry {
  readonly id: string
  /** What the id says. */
  readonly position: EventPosition
  readonly type: JobEventType
  /** The event as clients get it. */
  readonly json: string
}

/** An event before it is written; every type has these and its own fields. */
type EventBody = JobEvent extends infer E ? (E extends JobEvent ? Omit<E, 'jobId' | 'id' | 'at'> : never) : never

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

/** What the log has under the id of the entry. */
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

/** Reads an entry of the log, as Redis answers it: the id, and its fields with their values. Throws if it is not an event. */
export const readStored = (stored: unknown): LogEntry => {
  const [id, fields]: unknown[] = Array.isArray(stored) ? stored : []
  const message: unknown = Array.isArray(fields) ? fields[3] : undefined
  const entry = typeof message === 'string' ? readMessage(message) : undefined
  if (entry === undefined) throw new Error(`Entry ${id} of a log is not an event`)
  return entry
}

export const isAfter = (a: EventPosition, b: EventPosition): boolean =>
  a.attempt === b.attempt ? a.n > b.n : a.attempt > b.attempt
