import type { Outcome } from '@runnel/contract/public'

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
    case 'sandbox-failed':
      return `The sandbox failed, which is not the program's fault. Reference: ${outcome.reference}.`
  }
}
