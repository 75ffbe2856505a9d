import type { LimitName, Limits, Program } from '@runnel/contract/public'

/** How a program may end, as far as it matters. */
interface Ending {
  readonly type: 'exited' | 'signaled' | 'timed-out' | 'out-of-memory' | 'output-limit'
  readonly exitCode?: number
  readonly signal?: string
  readonly limit?: 'wall' | 'cpu'
  readonly limitsHit?: readonly { readonly limit: LimitName }[]
}

/** A program that attacks, and how that must end. Limits are kept in any case; so is everybody else. */
export interface HostileCase {
  /** Goes on from "A program that …". */
  readonly name: string
  readonly language?: 'python' | 'javascript' | 'bash'
  readonly source: string | Readonly<Record<string, string>>
  readonly program?: Partial<Program>
  readonly limits?: Partial<Limits>
  /** One of these. */
  readonly ends: readonly Ending[]
  /** The whole of its standard output; '' where this says nothing. */
  readonly prints?: string | RegExp
  /** What its standard error holds; nothing where this says nothing. */
  readonly complains?: RegExp
  /** Tried as a tenant's job as well: whoever comes after it in the same sandbox must find nothing of it. */
  readonly shared?: boolean
  /** Where that sandbox is given up instead: what the program left there cannot be taken away, or not in time. */
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
