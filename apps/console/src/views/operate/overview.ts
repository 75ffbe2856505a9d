import { formatMeasured } from '@runnel/client/run-state'
import type { Queue, Stats, Worker } from '@runnel/contract/public'
import { formatCount } from '../../parts/format.ts'

/** A piece of a sentence. With `to` it leads to the runs, or the part of the page, behind its number. */
export interface Phrase {
  readonly text: string
  readonly to?: string
}

const plain = (text: string): Phrase => ({ text })

const sayWorkers = (workers: readonly Worker[]): readonly Phrase[] => {
  const alive = workers.filter((worker) => worker.alive)
  if (alive.length === 0) return [{ text: 'No worker is alive', to: '#workers' }]
  const busy = alive.reduce((sum, worker) => sum + worker.busy, 0)
  const sandboxes = alive.reduce((sum, worker) => sum + worker.concurrency, 0)
  const notReady = alive.filter((worker) => !worker.ready).length
  return [
    { text: formatCount(alive.length, 'worker'), to: '#workers' },
    ...(notReady === 0 ? [] : [plain(`, ${notReady} of them not ready`)]),
    plain(', '),
    { text: `${busy} of ${formatCount(sandboxes, 'sandbox', 'sandboxes')} busy`, to: '/history?status=running' },
  ]
}

const sayQueue = ({ waiting, oldestAt }: Queue, nowMs: number): readonly Phrase[] => {
  if (waiting === 0) return [plain('no job waits')]
  const words = waiting === 1 ? '1 job waits' : `${formatCount(waiting, 'job')} wait`
  const oldest = oldestAt === null ? '' : `, the oldest ${formatMeasured(Math.max(0, nowMs - Date.parse(oldestAt)))}`
  return [{ text: words, to: '/history?status=queued' }, plain(oldest)]
}

/** What ended since `from`, in the address of the history. */
const endedSince = (from: string, outcomes: readonly string[] = []): string =>
  `/history?${outcomes.length === 0 ? '' : `outcome=${outcomes.join(',')}&`}from=${from}&by=finished`

const sayHour = ({ from, totals }: Stats): readonly Phrase[] => {
  const ended = Object.values(totals.ended).reduce((sum, count) => sum + count, 0)
  if (ended === 0) return [plain('In the last hour nothing ended.')]
  const ours = totals.ended['sandbox-failed']
  return [
    plain('In the last hour '),
    { text: `${ended.toLocaleString('en')} ended`, to: endedSince(from) },
    plain(', '),
    ours === 0
      ? plain('none by our fault')
      : { text: `${ours.toLocaleString('en')} by our fault`, to: endedSince(from, ['sandbox-failed']) },
    plain('.'),
  ]
}

/**
 * The state of the whole system in a sentence or two. Each part comes from a request of its own, and a part that is not there
 * (yet) is left out.
 */
export const describeSystem = (
  parts: {
    readonly workers?: readonly Worker[] | undefined
    readonly queue?: Queue | undefined
    readonly lastHour?: Stats | undefined
  },
  nowMs: number,
): readonly Phrase[] => {
  const { workers, queue, lastHour } = parts
  const now = [
    ...(workers === undefined ? [] : [sayWorkers(workers)]),
    ...(queue === undefined ? [] : [sayQueue(queue, nowMs)]),
  ]
  const joined = now.flatMap((phrases, index) => (index === 0 ? phrases : [plain(', '), ...phrases]))
  return [
    ...joined,
    ...(joined.length === 0 ? [] : [plain(lastHour === undefined ? '.' : '. ')]),
    ...(lastHour === undefined ? [] : sayHour(lastHour)),
  ].filter(({ text }) => text !== '')
}
