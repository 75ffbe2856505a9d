import type { ConnectionChange } from '../follow.ts'
import { type ClientEvent, initialRunState, isLostForLong, type RunState } from './state.ts'

/** Clocks that differ by less are not told from a slow answer. */
const CLOCK_TOLERANCE_MS = 1_000

const reduceConnection = (state: RunState, change: ConnectionChange, atMs: number): RunState => {
  const connection = change
  switch (change.state) {
    case 'connecting':
      return { ...state, connection }
    case 'lost':
      return {
        ...state,
        connection,
        lostAtMs: state.lostAtMs ?? atMs,
        retryAtMs: atMs + (change.retryInMs ?? 0),
        resumedAtMs: undefined,
      }
    case 'open':
    case 'resumed':
      return {
        ...state,
        connection,
        // Back is only said to somebody who was told that it was lost.
        resumedAtMs: isLostForLong(state, atMs) ? atMs : state.resumedAtMs,
        lostAtMs: undefined,
        retryAtMs: undefined,
      }
  }
}

export const reduceClientEvent = (state: RunState, event: ClientEvent): RunState => {
  switch (event.type) {
    case 'client-reset':
      return initialRunState
    case 'client-sending':
      return { ...initialRunState, watching: state.watching, phase: 'sending', sentAtMs: event.atMs }
    case 'client-accepted': {
      const {
        id: jobId,
        language,
        extracted,
        limits,
        queuePosition,
        estimatedWaitMs,
        submittedAt,
        sandboxId,
      } = event.job
      const queuedAt = Date.parse(submittedAt)
      const aheadMs = event.atMs - queuedAt
      const clockAheadMs = Math.abs(aheadMs) > CLOCK_TOLERANCE_MS ? aheadMs : 0
      const known = { jobId, language, extracted, limits, queuePosition, estimatedWaitMs, clockAheadMs, sandboxId }
      const queuedAtMs = queuedAt + clockAheadMs
      return {
        ...state,
        ...known,
        phase: 'queued',
        queuedAtMs,
        placeAtMs: event.atMs,
        refusal: undefined,
        isRetried: false,
      }
    }
    case 'client-refused': {
      const { error, atMs, isRetried = false } = event
      return {
        ...state,
        phase: state.phase === 'finished' ? 'finished' : 'refused',
        refusal: error,
        refusedAtMs: atMs,
        isRetried,
      }
    }
    case 'client-place': {
      const { queuePosition, estimatedWaitMs, atMs } = event
      return state.phase === 'queued' ? { ...state, queuePosition, estimatedWaitMs, placeAtMs: atMs } : state
    }
    case 'client-connection':
      return reduceConnection(state, event.change, event.atMs)
    case 'client-cancel':
      return state.phase === 'finished' ? state : { ...state, canceledBy: event.by }
    case 'client-watching':
      return { ...state, watching: event.who }
    case 'client-paused': {
      const { file, line, reason } = event
      return { ...state, paused: { file, line, reason } }
    }
    case 'client-continued':
      return { ...state, paused: undefined }
  }
}
