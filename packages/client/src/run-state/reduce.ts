import { createTextOfStream } from '../chunk.ts'
import type { JobEvent } from '../contract.ts'
import { readPosition } from '../frame.ts'
import { reduceClientEvent } from './reduce-client-event.ts'
import type { ClientEvent, RunState } from './state.ts'

const TAIL_CHARACTERS = 8_192
const UNKNOWN_TYPES = 20

const toText = (event: Extract<JobEvent, { type: 'stdout' | 'stderr' }>): string => {
  if (event.encoding === 'utf8') return event.data
  const text = createTextOfStream()
  return text.add(event) + text.end()
}

/** The next state. Pure: the same state and event always give the same. Events of an unknown type change nothing else. */
export const reduceRunState = (state: RunState, event: JobEvent | ClientEvent): RunState =>
  isClientEvent(event) ? reduceClientEvent(state, event) : reduceJobEvent(state, event)

const isClientEvent = (event: JobEvent | ClientEvent): event is ClientEvent => event.type.startsWith('client-')

const reduceJobEvent = (state: RunState, event: JobEvent): RunState => {
  const atMs = Date.parse(event.at) + state.clockAheadMs
  const attempt = Math.max(state.attempt, readPosition(event.id)?.attempt ?? 0)
  switch (event.type) {
    case 'queued': {
      const { language, extracted, limits, interactive, tty = false, jobId, sandboxId } = event
      const isServed = event.serve === true || language === 'html'
      const asked = {
        language,
        extracted,
        limits,
        interactive,
        tty,
        sandboxId,
        isServed,
        serves: event.serves === true,
      }
      return { ...state, phase: 'queued', jobId, queuedAtMs: atMs, ...asked }
    }
    case 'started':
      return {
        ...state,
        phase: 'running',
        attempt,
        startedAtMs: atMs,
        lastOutputAtMs: undefined,
        queuePosition: undefined,
      }
    case 'stdout':
    case 'stderr': {
      const hasTraces = event.type === 'stderr' || state.tty
      const tail = hasTraces ? (state.tail + toText(event)).slice(-TAIL_CHARACTERS) : state.tail
      return { ...state, attempt, lastOutputAtMs: atMs, tail }
    }
    case 'dropped':
      return { ...state, attempt }
    case 'port': {
      const { port, open, url } = event
      const others = state.ports.filter((one) => one.port !== port)
      return { ...state, attempt, ports: open ? [...others, { port, url }] : others }
    }
    case 'restarted':
      return { ...state, attempt, hasRestarted: true, tail: '', ports: [], lastOutputAtMs: undefined }
    case 'finished': {
      const { outcome, usage, artifacts = [], artifactsLeftOut = [] } = event
      const end = { outcome, usage, artifacts, artifactsLeftOut, finishedAtMs: atMs }
      return { ...state, phase: 'finished', attempt, ...end, paused: undefined, ports: [] }
    }
    default:
      return noteUnknown(state, event)
  }
}

const noteUnknown = (state: RunState, event: never): RunState => {
  const { type }: { readonly type?: unknown } = event
  const name = String(type).slice(0, 64)
  if (state.unknownTypes.includes(name) || state.unknownTypes.length >= UNKNOWN_TYPES) return state
  return { ...state, unknownTypes: [...state.unknownTypes, name] }
}
