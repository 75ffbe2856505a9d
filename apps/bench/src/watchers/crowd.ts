// crowd.ts <url of a job's events> <how many>: a process with that many watchers of one job. It sends `open` when all of
// them are connected, and its report when all have ended.
//
// All watchers must get the same events. The first one to get the n-th event parses it and keeps its bytes; every
// other watcher's n-th event must have the same bytes. So all events of each watcher are checked, and each is parsed
// once instead of a thousand times.
import { type JobEvent, jobEventSchema, readEventId } from '@runnel/contract/public'
import { createHistogram } from '../report/histogram.ts'
import type { Summary } from '../report/statistics.ts'
import { watch } from './watch.ts'

export interface CrowdReport {
  readonly watchers: number
  /** The watchers that got every event, in order, from the first to `finished`. */
  readonly complete: number
  readonly events: number
  /** Delays of all events of all watchers, from the time that the program printed to when the watcher read it. */
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

/** Milliseconds since 1970, with a fraction. */
const now = (): number => performance.timeOrigin + performance.now()

const read = (payload: Buffer): Seen => {
  const event = jobEventSchema.parse(JSON.parse(payload.toString()))
  const { attempt, n } = readEventId(event.id)
  const expected = attempt === 0 ? seen.length + 1 : seen.length
  if (n !== expected) throw new Error(`The event ${event.id} came where number ${expected} was due`)
  // An event can have several lines: the last one waited least, the first one longest.
  const printedAtMs = event.type === 'stdout' ? Number(event.data.split('\n')[0]) * 1_000 : undefined
  // A copy, because the large chunk it came in would stay in memory with it.
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
