// crowd.ts <url of a job's events> <how many>: a process with that many watchers of one job. It says `open` when all of
// them are, and what they saw when all have come to the end.
//
// All watchers must be sent the same events. The first one to get the n-th event reads it and keeps its bytes; every
// other's n-th event must have the same bytes. So each watcher's events are checked whole and in order, and parsing
// costs once what it would cost a thousand times.
import { type JobEvent, jobEventSchema, readEventId } from '@runnel/contract/public'
import { createHistogram } from '../report/histogram.ts'
import type { Summary } from '../report/statistics.ts'
import { watch } from './watch.ts'

export interface CrowdReport {
  readonly watchers: number
  /** Those that were sent every event, in order, from the first to `finished`. */
  readonly complete: number
  readonly events: number
  /** From the program's own clock, in its output, to a watcher; all of all watchers. */
  readonly delayMs: Summary | undefined
}

interface Seen {
  readonly bytes: Buffer
  readonly type: JobEvent['type']
  readonly printedAtMs: number | undefined
}

const [, , url = '', count = '0'] = process.argv
const watchers = Number(count)
const seen: Seen[] = []
const delays = createHistogram()

/** Epoch milliseconds, finer than whole ones. */
const now = (): number => performance.timeOrigin + performance.now()

const read = (payload: Buffer): Seen => {
  const event = jobEventSchema.parse(JSON.parse(payload.toString()))
  const { attempt, n } = readEventId(event.id)
  const expected = attempt === 0 ? seen.length + 1 : seen.length
  if (n !== expected) throw new Error(`The event ${event.id} came where number ${expected} was due`)
  // What was printed last waited least, what was printed first waited longest.
  const printedAtMs = event.type === 'stdout' ? Number(event.data.split('\n')[0]) * 1_000 : undefined
  // A copy: the chunk it came in is large and soon somebody else's.
  return { bytes: Buffer.from(payload), type: event.type, printedAtMs }
}

const watchOne = () => {
  let place = 0
  let isComplete = false
  let isIntact = true
  const watcher = watch(new URL(url), (payload) => {
    const event = seen[place] ?? read(payload)
    seen[place] = event
    place += 1
    if (!event.bytes.equals(payload)) isIntact = false
    if (event.printedAtMs !== undefined) delays.add(now() - event.printedAtMs)
    if (event.type === 'finished') isComplete = isIntact
  })
  return { ...watcher, isComplete: () => isComplete }
}

const crowd = Array.from({ length: watchers }, watchOne)
await Promise.all(crowd.map(({ opened }) => opened))
process.send?.('open')
await Promise.all(crowd.map(({ closed }) => closed))
const report: CrowdReport = {
  watchers,
  complete: crowd.filter(({ isComplete }) => isComplete()).length,
  events: seen.length,
  delayMs: delays.summarize(),
}
process.send?.(report)
process.disconnect?.()
