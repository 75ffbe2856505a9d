import type { LimitHit, Limits, Outcome, Program } from '@runnel/contract/public'

/** How a program ends, under the limits of its job. */
type Ending = (limits: Limits) => Outcome

/** A program that attacks, and how it must end. Its limits hold in any case, and others never notice it. */
export interface HostileCase {
  /** Continues "A program that …". */
  readonly name: string
  readonly language?: 'python' | 'javascript' | 'bash'
  readonly source: string | Readonly<Record<string, string>>
  readonly program?: Partial<Program>
  readonly limits?: Partial<Limits>
  /** Its one outcome. A case with several says why each of them is right. */
  readonly ends: readonly Ending[]
  /** Its whole standard output; '' if this is left out. */
  readonly prints?: string | RegExp | ((outcome: Outcome) => string)
  /** Its whole standard error, or what that matches; '' if this is left out. */
  readonly complains?: string | RegExp
}

export const exited =
  (exitCode: number): Ending =>
  () => ({ type: 'exited', exitCode })
export const signaled =
  (signal: string): Ending =>
  () => ({ type: 'signaled', signal })
export const EXITED = exited(0)
export const KILLED = signaled('SIGKILL')
export const OVERDUE: Ending = ({ wallMs }) => ({ type: 'timed-out', limit: 'wall', limitMs: wallMs })
export const BUSY: Ending = ({ cpuMs }) => ({ type: 'timed-out', limit: 'cpu', limitMs: cpuMs })
export const OUT_OF_MEMORY: Ending = ({ memoryBytes }) => ({ type: 'out-of-memory', limitBytes: memoryBytes })
export const FLOODED: Ending = ({ outputBytes }) => ({ type: 'output-limit', limitBytes: outputBytes })

/** It also reached this limit on the way. */
export const hitting =
  (limit: LimitHit['limit'], ending: Ending): Ending =>
  (limits) => ({ ...ending(limits), limitsHit: [{ limit, value: limits[limit] }] })

export const MIB = 1024 * 1024
