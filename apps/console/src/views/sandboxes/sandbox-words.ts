import type { SandboxEnding, SandboxStatus } from '@runnel/client'
import type { Tone } from '@runnel/client/run-state'

interface State {
  readonly status: SandboxStatus
  readonly ending?: SandboxEnding | undefined
  readonly endsAt?: string | undefined
  readonly idleTimeoutMs: number
  readonly queuePosition?: number | undefined
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** `40 s`, `4 min`, `3 h`. Rounded down, so that nothing ends sooner than it says; 0 s at the end. */
export const formatSpan = (ms: number): string => {
  if (ms < 90_000) return `${Math.max(0, Math.floor(ms / 1_000))} s`
  if (ms < 2 * HOUR) return `${Math.floor(ms / MINUTE)} min`
  return `${Math.floor(ms / HOUR)} h`
}

const ENDINGS: Readonly<Record<SandboxEnding, readonly [tone: Tone, words: string]>> = {
  deleted: ['canceled', 'Ended by request'],
  'timed-out': ['limit', 'Ended: its time was over'],
  idle: ['limit', 'Ended: nobody used it'],
  finished: ['ok', 'Ended with its program'],
  'out-of-memory': ['failed', 'Ended: it ran out of memory'],
  lost: ['ours', 'Lost: its worker stopped'],
  'sandbox-failed': ['ours', 'Runnel could not keep it'],
}

/** How a sandbox stands, in one line. */
export const describeSandbox = (
  { status, ending, endsAt, idleTimeoutMs, queuePosition }: State,
  nowMs: number,
): { readonly tone: Tone; readonly words: string } => {
  if (status === 'queued')
    return { tone: 'queued', words: queuePosition === undefined ? 'Waits' : `Waits: ${queuePosition} before it` }
  if (status === 'ended') {
    const [tone, words] = ENDINGS[ending ?? 'sandbox-failed']
    return { tone, words }
  }
  const left = endsAt === undefined ? undefined : formatSpan(Date.parse(endsAt) - nowMs)
  if (status === 'paused') return { tone: 'idle', words: `Paused${left === undefined ? '' : `, ends in ${left}`}` }
  const idle = `after ${formatSpan(idleTimeoutMs)} without use`
  return { tone: 'running', words: left === undefined ? `Ends ${idle}` : `Ends in ${left}, or ${idle}` }
}

/** What a person calls it: the entry `name` of its metadata, otherwise the end of its id. */
export const nameOf = ({
  id,
  metadata,
}: {
  readonly id: string
  readonly metadata: Readonly<Record<string, string>>
}): string => {
  const name = metadata['name']?.trim() ?? ''
  return name === '' ? id.slice(-8) : name
}
