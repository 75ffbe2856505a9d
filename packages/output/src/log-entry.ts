import {
  type EventPosition,
  type JobEvent,
  type JobEventType,
  jobEventSchema,
  toEventId,
} from '@runnel/contract/public'

/** An event as it lies in the log and travels to clients: written once, never parsed on the way. */
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

/** The head comes first and in this order: `readEntry` and the scripts read it off the front. */
export const toEntry = (
  head: { readonly jobId: string; readonly position: EventPosition; readonly at: string },
  body: EventBody,
): LogEntry => {
  const { jobId, position, at } = head
  const { type, ...rest } = body
  const id = toEventId(position)
  return { id, position, type, json: JSON.stringify({ jobId, id, at, type, ...rest }) }
}

const HEAD = /^\{"jobId":"[^"]*","id":"(\d+)-(\d+)","at":"[^"]*","type":"([^"]+)"/
const TYPES: ReadonlySet<string> = new Set(jobEventSchema.options.map((option) => option.shape.type.value))
const isType = (word: string | undefined): word is JobEventType => word !== undefined && TYPES.has(word)

/** Reads id and type off the front of an event; undefined where it is not one of ours. */
export const readEntry = (json: string): LogEntry | undefined => {
  const [, attempt, n, type] = HEAD.exec(json) ?? []
  return isType(type)
    ? { id: `${attempt}-${n}`, position: { attempt: Number(attempt), n: Number(n) }, type, json }
    : undefined
}

export const isAfter = (a: EventPosition, b: EventPosition): boolean =>
  a.attempt === b.attempt ? a.n > b.n : a.attempt > b.attempt
