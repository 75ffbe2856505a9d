import type { LimitHit, Outcome } from '@runnel/contract/public'

/** How a program ended, in a sentence. Undefined if it succeeded. */
export const describeOutcome = (outcome: Outcome): string | undefined => {
  switch (outcome.type) {
    case 'exited':
      return outcome.exitCode === 0 ? undefined : `The program exited with code ${outcome.exitCode}.`
    case 'signaled':
      return `The program was ended by ${outcome.signal}.`
    case 'timed-out':
      return `The program used up its ${outcome.limitMs} ms of ${outcome.limit === 'wall' ? 'time' : 'processor time'}.`
    case 'out-of-memory':
      return `The program used up its ${outcome.limitBytes} bytes of memory.`
    case 'output-limit':
      return `The program printed more than ${outcome.limitBytes} bytes.`
    case 'canceled':
      return 'The program was canceled.'
    case 'sandbox-ended':
      return `The sandbox ended before the program (${outcome.ending}).`
    case 'sandbox-failed':
      if (outcome.message !== undefined) return `The program could not start. ${outcome.message}.`
      return `The sandbox failed, which is not the program's fault. Reference: ${outcome.reference}.`
  }
}

const describeHit = ({ limit, value }: LimitHit): string => {
  switch (limit) {
    case 'processes':
      return `The program reached its limit of ${value} processes and threads, and was refused another. Let it start fewer`
    case 'memoryBytes':
      return `The program reached its limit of ${value} bytes of memory, and one of its processes was killed. Let it use less`
    case 'diskBytes':
      return `The program filled its disk: /workspace has ${value} bytes, /tmp a quarter of that. Let it write less`
  }
}

/**
 * A sentence for each limit that did not end the program: it was refused something, and continued. The program may have exited
 * with code 0 all the same.
 */
export const describeLimitsHit = (outcome: Outcome): string[] =>
  'limitsHit' in outcome
    ? (outcome.limitsHit ?? []).map(
        (hit) => `${describeHit(hit)}, or submit it to POST /v1/jobs with a higher limits.${hit.limit}.`,
      )
    : []
