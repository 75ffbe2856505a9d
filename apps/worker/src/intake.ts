import type { WorkerReport } from '@runnel/registry'

/** What can keep a worker from taking jobs. */
type Hold = 'no-engine' | 'drained'

export interface Intake {
  /** The engine has been checked for the first time. */
  start(): void
  /** Takes no new jobs from now on, until each hold is released. Running jobs go on. `fault` says why, for an operator. */
  hold(hold: Hold, fault?: string): Promise<void>
  release(hold: Hold): void
  /** Whether the worker could take jobs, apart from a drain. */
  readonly state: Pick<WorkerReport, 'state' | 'fault'>
}

/** Longer messages of an engine are cut: they are repeated with every heartbeat. */
const FAULT_CHARACTERS = 300

const toClause = (text: string): string => text.trim().slice(0, FAULT_CHARACTERS).toWellFormed().replace(/\.$/, '')

/**
 * Whether this worker takes jobs.
 *
 *   starting ──▶ first check of the engine ──┬─▶ taking jobs ◀── all holds are released ──┐
 *                                            └─▶ held: `no-engine`, `drained`, or both ───┘
 */
export const createIntake = (options: {
  readonly signal: AbortSignal
  readonly pause: () => Promise<void>
  readonly resume: () => void
  /** The state, or what holds it, has changed. */
  readonly onChange: () => void
}): Intake => {
  const { signal, pause, resume, onChange } = options
  const holds = new Set<Hold>()
  let hasStarted = false
  let fault: string | undefined

  return {
    start() {
      hasStarted = true
      onChange()
    },
    async hold(hold, why) {
      if (hold === 'no-engine') fault = why === undefined ? undefined : toClause(why)
      const isFirst = holds.size === 0
      holds.add(hold)
      onChange()
      if (isFirst) await pause()
    },
    release(hold) {
      if (!holds.delete(hold)) return
      onChange()
      if (holds.size === 0 && !signal.aborted) resume()
    },
    get state(): Intake['state'] {
      if (signal.aborted) return { state: 'stopping' }
      if (holds.has('no-engine')) return { state: 'no-engine', ...(fault === undefined ? {} : { fault }) }
      return { state: hasStarted ? 'ready' : 'starting' }
    },
  }
}
