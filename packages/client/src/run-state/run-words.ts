import { formatGrowing, formatLeft, formatOrdinal, formatSet } from './figures.ts'
import { findFault } from './find-fault.ts'
import { describeOutcome, type RunAction, toWords, type Words } from './outcome-words.ts'
import { isLostForLong, type RunState } from './state.ts'

export type RunWords = Words

/** A shorter wait is not worth a word. */
const SENDING_MS = 150
const QUIET_MS = 5_000
const BACK_MS = 3_000

const CANCEL: RunAction = { type: 'cancel', label: 'Cancel' }
const STOP: RunAction = { type: 'stop', label: 'Stop' }
const RUN_AGAIN: RunAction = { type: 'run-again', label: 'Run again' }

/** The state of a run at `nowMs`, in words: the one place that decides what people read. Pure. */
export const describeRun = (state: RunState, nowMs: number): RunWords => {
  const { phase, refusal } = state
  if (refusal !== undefined && phase !== 'finished') return describeRefusal(state, refusal, nowMs)
  if (phase !== 'ready' && phase !== 'finished' && isLostForLong(state, nowMs)) return describeLoss(state, nowMs)
  const words = describePhase(state, nowMs)
  const isBack = state.resumedAtMs !== undefined && nowMs - state.resumedAtMs < BACK_MS && phase !== 'finished'
  return isBack ? { ...words, beneath: ['Back, nothing missed', ...words.beneath] } : words
}

const describePhase = (state: RunState, nowMs: number): RunWords => {
  const { phase, sentAtMs = nowMs, watching } = state
  switch (phase) {
    case 'sending':
      if (nowMs - sentAtMs > SENDING_MS) return toWords('queued', 'Sending…')
      return toWords('idle', 'Ready')
    case 'queued':
      return describeQueued(state, nowMs)
    case 'running':
      return describeRunning(state, nowMs)
    case 'finished':
      return describeFinished(state)
    default:
      if (watching === undefined) return toWords('idle', 'Ready')
      return toWords('idle', `Watching ${watching}’s program`, [], [{ type: 'edit-copy', label: 'Edit a copy' }])
  }
}

const describeQueued = (state: RunState, nowMs: number): RunWords => {
  const { queuePosition, estimatedWaitMs, placeAtMs = nowMs, queuedAtMs = nowMs, canceledBy } = state
  if (canceledBy !== undefined) return toWords('queued', 'Canceling…')
  const leftMs = estimatedWaitMs === undefined ? undefined : estimatedWaitMs - (nowMs - placeAtMs)
  const left = leftMs === undefined || leftMs <= 0 ? '' : `, about ${formatLeft(leftMs)} to go`
  const beneath = [`Waited ${formatGrowing(nowMs - queuedAtMs)}${left}`]
  if (queuePosition === undefined) return toWords('queued', 'Queued', beneath, [CANCEL])
  const sentence = queuePosition === 0 ? 'Next in line' : `Queued, ${formatOrdinal(queuePosition + 1)} in line`
  return toWords('queued', sentence, beneath, [CANCEL])
}

const describeRunning = (state: RunState, nowMs: number): RunWords => {
  const { startedAtMs = nowMs, lastOutputAtMs = startedAtMs, limits, interactive, tty, hasRestarted, attempt } = state
  const ranMs = nowMs - startedAtMs
  if (state.canceledBy !== undefined) return toWords('running', 'Stopping…', [`Ran ${formatGrowing(ranMs)}`])
  if (state.paused !== undefined) {
    const { file, line, reason } = state.paused
    return toWords('running', `Paused at ${file}:${line}, ${reason}`, ['Clock stopped'], [STOP])
  }
  const isPastHalf = limits !== undefined && !state.isServed && ranMs > limits.wallMs / 2
  const beneath = [isPastHalf ? `Of ${formatSet(limits.wallMs)}` : undefined]
  const running = `Running ${formatGrowing(ranMs)}`
  const quietMs = nowMs - lastOutputAtMs
  // A server waits for requests, not for input.
  if ((interactive || tty) && !state.isServed && quietMs >= QUIET_MS) {
    const sentence = `${running}, no output for ${Math.floor(quietMs / 1_000)} s`
    const input: RunAction = { type: 'give-input', label: 'Give input' }
    return toWords('running', sentence, ['It may be waiting for input', ...beneath], [STOP, input])
  }
  if (hasRestarted && attempt > 1) {
    const lost = 'The worker was lost; the output of the earlier try was dropped'
    return toWords('running', `Running again, ${formatOrdinal(attempt)} try`, [lost, ...beneath], [STOP])
  }
  return toWords('running', running, beneath, [STOP])
}

const describeFinished = (state: RunState): RunWords => {
  const { outcome, usage, limits, tail, extracted, canceledBy } = state
  if (outcome === undefined) return toWords('idle', 'Ready')
  const words = describeOutcome(outcome, { usage, limits })
  if (outcome.type === 'canceled' && canceledBy !== undefined) return { ...words, beneath: [`By ${canceledBy}`] }
  if (outcome.type !== 'exited' || outcome.exitCode === 0) return words
  const fault = findFault(tail)
  if (fault === undefined) return words
  // The program was a part of the text that the person sees.
  const line = fault.line + (extracted === undefined ? 0 : extracted.firstLine - 1)
  const place = `${fault.file}:${line}`
  const sentence = fault.name === undefined ? `At ${place}` : `${fault.name} at ${place}`
  const jump: RunAction = { type: 'jump', label: `Go to ${place}`, file: fault.file, line }
  return { ...words, beneath: [sentence, ...words.beneath], actions: [jump, ...words.actions] }
}

const describeLoss = ({ retryAtMs }: RunState, nowMs: number): RunWords => {
  const leftMs = (retryAtMs ?? nowMs) - nowMs
  const beneath = leftMs > 0 ? `Trying again in ${formatLeft(leftMs)}` : 'Trying again now'
  return toWords('lost', 'Connection lost, the run goes on', [beneath], [{ type: 'retry-now', label: 'Now' }])
}

const describeRefusal = (state: RunState, refusal: RunState['refusal'] & {}, nowMs: number): RunWords => {
  const { code, message, requestId, retryAfterMs } = refusal
  const request = requestId === undefined ? undefined : `Request ${requestId}`
  const leftMs = retryAfterMs === undefined ? 0 : (state.refusedAtMs ?? nowMs) + retryAfterMs - nowMs
  const again = leftMs <= 0 ? undefined : `${state.isRetried ? 'Tries' : 'Try'} again in ${formatLeft(leftMs)}`
  switch (code) {
    case 'queue-full':
      return toWords('queued', 'The queue is full for your key', [message, again, request], [RUN_AGAIN])
    case 'too-many-requests':
    case 'too-many-subscriptions':
      return toWords('queued', 'Too much at once', [message, again, request], [RUN_AGAIN])
    case 'unauthorized':
      return toWords(
        'lost',
        'This key no longer works',
        ['Sign in; your program stays here', request],
        [{ type: 'sign-in', label: 'Sign in' }],
      )
    case 'internal':
      return toWords('ours', 'Runnel failed', [message, request], [RUN_AGAIN])
    case undefined:
      return toWords('lost', 'Runnel cannot be reached', [message], [{ type: 'retry-now', label: 'Now' }])
    default:
      return toWords('failed', 'Runnel refused it', [message, again, request], [RUN_AGAIN])
  }
}
