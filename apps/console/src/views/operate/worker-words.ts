import type { Tone } from '@runnel/client/run-state'
import type { Worker, WorkerState } from '@runnel/contract/public'
import { formatCount } from '../../parts/format.ts'

const STATES: Readonly<Record<WorkerState, readonly [words: string, tone: Tone]>> = {
  ready: ['Ready', 'ok'],
  starting: ['Starting', 'queued'],
  'no-engine': ['Not ready', 'failed'],
  draining: ['Draining', 'queued'],
  drained: ['Drained', 'canceled'],
  stopping: ['Stopping', 'queued'],
  dead: ['Lost', 'ours'],
}

export const describeWorker = ({ state }: Pick<Worker, 'state'>): { readonly words: string; readonly tone: Tone } => {
  const [words, tone] = STATES[state]
  return { words, tone }
}

/** What draining this worker does, before one agrees to it. */
export const describeDrain = (worker: Worker, workers: readonly Worker[]): readonly string[] => {
  const running =
    worker.busy === 0
      ? 'None runs on it now.'
      : `${worker.busy === 1 ? 'The 1 job that runs on it finishes' : `The ${worker.busy} jobs that run on it finish`} as usual.`
  const others = workers.filter(({ id, ready }) => ready && id !== worker.id)
  const sandboxes = others.reduce((sum, { concurrency }) => sum + concurrency, 0)
  const left =
    others.length === 0
      ? 'No other worker is ready: all jobs wait until you take this one back, or start another.'
      : `${formatCount(others.length, 'other worker')} with ${formatCount(sandboxes, 'sandbox', 'sandboxes')} ${others.length === 1 ? 'goes' : 'go'} on.`
  return [`It takes no new jobs. ${running}`, left, 'You can take it back at any time.']
}

/** A sandbox of a worker as a square. */
export type Square = 'busy' | 'idle' | 'empty'

/** More than these would be a carpet: the numbers alone are shown then. */
const SQUARES_MAX = 64

/**
 * One square for each job that the worker runs at once: those that run now, then those for which a sandbox is already there,
 * then the rest.
 */
export const toSquares = ({
  alive,
  busy,
  concurrency,
  pool,
}: Pick<Worker, 'alive' | 'busy' | 'concurrency' | 'pool'>): Square[] => {
  if (concurrency > SQUARES_MAX) return []
  if (!alive) return Array.from({ length: concurrency }, () => 'empty')
  const free = Math.max(0, concurrency - busy)
  const idle = Math.min(pool.idle, free)
  const squares = (kind: Square, count: number) => Array.from({ length: count }, () => kind)
  return [...squares('busy', Math.min(busy, concurrency)), ...squares('idle', idle), ...squares('empty', free - idle)]
}
