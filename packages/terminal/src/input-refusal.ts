import type { RunState } from '@runnel/client/run-state'

/** Why the program cannot get input now; undefined if it can. A job that still waits gets it when it starts. */
export const inputRefusal = (run: RunState, hasEnded: boolean): string | undefined => {
  if (run.phase === 'finished') return 'Not sent: the program has ended.'
  if (run.jobId === undefined) return 'Not sent: no program runs.'
  if (!run.interactive && !run.tty) return 'Not sent: this program was started without input (interactive).'
  if (hasEnded) return 'Not sent: you ended the input.'
  return undefined
}
