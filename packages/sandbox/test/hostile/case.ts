import type { LimitName, Limits, Program } from '@runnel/contract/public'

/** How a program may end. */
interface Ending {
  readonly type: 'exited' | 'signaled' | 'timed-out' | 'out-of-memory' | 'output-limit'
  readonly exitCode?: number
  readonly signal?: string
  readonly limit?: 'wall' | 'cpu'
  readonly limitsHit?: readonly { readonly limit: LimitName }[]
}

/** A program that attacks, and how it must end. Its limits hold in any case, and others never notice it. */
export interface HostileCase {
  /** Continues "A program that …". */
  readonly name: string
  readonly language?: 'python' | 'javascript' | 'bash'
  readonly source: string | Readonly<Record<string, string>>
  readonly program?: Partial<Program>
  readonly limits?: Partial<Limits>
  /** It must end in one of these ways. */
  readonly ends: readonly Ending[]
  /** Its whole standard output; '' if this is left out. */
  readonly prints?: string | RegExp
  /** What its standard error matches; it must be empty if this is left out. */
  readonly complains?: RegExp
  /** Also run as a tenant's job: the next job in the same sandbox must find nothing of it. */
  readonly shared?: boolean
  /** That sandbox is given up instead, because what the program left cannot be removed, or not in time. */
  readonly retires?: 'always' | 'perhaps'
}

export const EXITED: Ending = { type: 'exited', exitCode: 0 }
export const OVERDUE: Ending = { type: 'timed-out', limit: 'wall' }
export const BUSY: Ending = { type: 'timed-out', limit: 'cpu' }
export const OUT_OF_MEMORY: Ending = { type: 'out-of-memory' }
export const FLOODED: Ending = { type: 'output-limit' }
export const KILLED: Ending = { type: 'signaled', signal: 'SIGKILL' }

export const MIB = 1024 * 1024
export const ANYTHING = /^/
