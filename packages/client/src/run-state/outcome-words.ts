import type { LimitHit, Limits, Outcome, Usage } from '../contract.ts'
import type { SandboxEnding } from '../sandbox/contract.ts'
import { formatBytes, formatMeasured, formatOrdinal, formatSet } from './figures.ts'

/** What a state is, for its colour and sign. `limit`: a limit stopped it. `ours`: Runnel's fault. */
export type Tone = 'idle' | 'queued' | 'running' | 'ok' | 'failed' | 'limit' | 'canceled' | 'ours' | 'lost'

/** The sign of each tone. A colour alone says nothing to many people. */
export const GLYPHS: Readonly<Record<Tone, string>> = {
  idle: '○',
  queued: '◌',
  running: '◐',
  ok: '●',
  failed: '✕',
  limit: '▲',
  canceled: '–',
  ours: '◆',
  lost: '◇',
}

/** What a person may do about a state. The page that shows it carries it out. */
export type RunAction =
  | {
      readonly type: 'cancel' | 'stop' | 'download' | 'run-again' | 'retry-now' | 'sign-in' | 'edit-copy' | 'give-input'
      readonly label: string
    }
  /** Run the same program with these limits. */
  | { readonly type: 'run-with'; readonly label: string; readonly limits: Partial<Limits> }
  /** Show this line of the program. */
  | { readonly type: 'jump'; readonly label: string; readonly file: string; readonly line: number }
  | { readonly type: 'copy'; readonly label: string; readonly text: string }

/** A state in words. */
export interface Words {
  readonly tone: Tone
  readonly glyph: string
  readonly sentence: string
  /** Short sentences for the line under it. */
  readonly beneath: readonly string[]
  readonly actions: readonly RunAction[]
}

export const toWords = (
  tone: Tone,
  sentence: string,
  beneath: readonly (string | undefined)[] = [],
  actions: readonly RunAction[] = [],
): Words => ({
  tone,
  glyph: GLYPHS[tone],
  sentence,
  beneath: beneath.filter((line) => line !== undefined),
  actions,
})

const SIGNAL_MEANS: Readonly<Record<string, string>> = {
  SIGSEGV: 'It touched memory it doesn’t own',
  SIGBUS: 'It touched memory that isn’t there',
  SIGABRT: 'It gave up by itself (abort)',
  SIGFPE: 'It made an impossible calculation, such as a division by zero',
  SIGILL: 'It ran an instruction that the processor doesn’t have',
  SIGSYS: 'It made a system call that is not allowed here',
  SIGPIPE: 'It wrote where nobody reads',
  SIGKILL: 'It was killed',
  SIGINT: 'It was interrupted',
  SIGTERM: 'It was told to end',
  SIGHUP: 'It was told that its terminal is gone',
}

/** Of a command, by the ending of its sandbox. */
const SANDBOX_ENDED: Readonly<Record<SandboxEnding, readonly [tone: Tone, sentence: string]>> = {
  deleted: ['canceled', 'Its sandbox was ended'],
  'timed-out': ['limit', 'Its sandbox’s time was over'],
  idle: ['limit', 'Its sandbox ended: nobody used it'],
  finished: ['canceled', 'Its sandbox ended with its program'],
  'out-of-memory': ['limit', 'Its sandbox ran out of memory'],
  lost: ['ours', 'Its sandbox was lost: the worker stopped'],
  'sandbox-failed': ['ours', 'Its sandbox failed, by our fault'],
}

const hitSentence = ({ limit, value }: LimitHit): string => {
  if (limit === 'processes') return `It was refused a ${formatOrdinal(value + 1)} process`
  const what = limit === 'memoryBytes' ? 'memory' : 'disk'
  return `It was refused more than ${formatBytes(value)} of ${what}`
}

const usageSentence = (usage: Usage | null | undefined): string | undefined => {
  if (!usage) return undefined
  const cpu = usage.cpuMs === null ? [] : [`CPU ${formatMeasured(usage.cpuMs)}`]
  const peak = usage.peakMemoryBytes === null ? [] : [`peak ${formatBytes(usage.peakMemoryBytes)}`]
  return [...cpu, ...peak].join(', ') || undefined
}

/** What the deployment grants may be less: then its answer says so. */
const runWith = (limit: 'wallMs' | 'cpuMs' | 'memoryBytes' | 'outputBytes', value: number): RunAction => ({
  type: 'run-with',
  label: `Run with ${limit.endsWith('Ms') ? formatSet(value) : formatBytes(value)}`,
  limits: { [limit]: value },
})

/**
 * How a job ended, in words, without its events: for a row of a list. `facts.waitedMs` for one that was canceled in the queue.
 * An outcome of a newer server is called by its own name.
 */
export const describeOutcome = (
  outcome: Outcome,
  facts: { readonly usage?: Usage | null | undefined; readonly limits?: Limits | undefined } = {},
): Words => {
  const { usage } = facts
  const after = usage ? ` after ${formatMeasured(usage.wallMs)}` : ''
  const hits = 'limitsHit' in outcome ? (outcome.limitsHit ?? []).map(hitSentence) : []
  switch (outcome.type) {
    case 'exited':
      return toWords(outcome.exitCode === 0 ? 'ok' : 'failed', `Exited ${outcome.exitCode}${after}`, [
        ...hits,
        usageSentence(usage),
      ])
    case 'signaled':
      return toWords('failed', `Ended by ${outcome.signal}${after}`, [SIGNAL_MEANS[outcome.signal], ...hits])
    case 'timed-out': {
      const { limit, limitMs } = outcome
      const what = limit === 'wall' ? 'time limit' : 'processor limit'
      const action = runWith(limit === 'wall' ? 'wallMs' : 'cpuMs', 2 * limitMs)
      return toWords(
        'limit',
        `Stopped at its ${what} of ${formatSet(limitMs)}`,
        ['Output so far is kept', ...hits],
        [action],
      )
    }
    case 'out-of-memory':
      return toWords(
        'limit',
        `Killed at its memory limit of ${formatBytes(outcome.limitBytes)}`,
        [],
        [runWith('memoryBytes', 2 * outcome.limitBytes)],
      )
    case 'output-limit':
      return toWords(
        'limit',
        `Stopped at its output limit of ${formatBytes(outcome.limitBytes)}`,
        [],
        [{ type: 'download', label: 'Download' }, runWith('outputBytes', 2 * outcome.limitBytes)],
      )
    case 'canceled':
      return toWords('canceled', usage ? `Canceled${after}` : 'Canceled while queued')
    case 'sandbox-ended': {
      // A newer server may have other endings.
      const [tone, sentence] = SANDBOX_ENDED[outcome.ending] ?? (['canceled', 'Its sandbox ended'] as const)
      return toWords(tone, sentence, ['Output so far is kept'])
    }
    case 'sandbox-failed':
      if (outcome.message !== undefined)
        return toWords('failed', 'It could not start', [outcome.message], [{ type: 'run-again', label: 'Run again' }])
      return toWords(
        'ours',
        'Runnel lost this run',
        [`Not your program’s fault. Reference ${outcome.reference}`],
        [
          { type: 'copy', label: 'Copy the reference', text: outcome.reference },
          { type: 'run-again', label: 'Run again' },
        ],
      )
    default:
      return describeUnknown(outcome)
  }
}

const describeUnknown = (outcome: never): Words => {
  const { type }: { readonly type?: unknown } = outcome
  return toWords('failed', `Ended as ${JSON.stringify(String(type))}, which this version does not know`)
}
