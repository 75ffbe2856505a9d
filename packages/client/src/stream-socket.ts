import { readApiError } from './api-error.ts'
import type { JobEvent } from './contract.ts'
import { RunnelApiError, RunnelConnectionError } from './errors.ts'
import { type ClientFrame, isEvent } from './frame.ts'
import { isRecord, readJson } from './json.ts'
import { createPulse } from './pulse.ts'

/** Gets the events of one job, in order. */
export interface Receiver {
  receive(event: JobEvent, characters: number): void
  /** Nothing more comes. */
  fail(error: unknown): void
}

/**
 * One WebSocket of /v1/stream, for up to 64 jobs.
 *
 *   opening ──▶ open ──▶ closed
 *
 * It never opens again: what used it takes another one. Closing rejects every question that is open, and fails every receiver.
 */
export interface StreamSocket {
  readonly state: 'opening' | 'open' | 'closed'
  /** Rejects with a RunnelConnectionError, and not before 10 s if nothing answers. */
  readonly opened: Promise<void>
  /** Sends a frame, and resolves with its answer, `ok` or `accepted`. Throws a RunnelApiError if the server refused. */
  ask(frame: ClientFrame): Promise<Answer>
  /** Resolves when the server has begun. Events before that belong to an earlier subscription and are dropped. */
  subscribe(jobId: string, after: string | undefined, receiver: Receiver): Promise<void>
  /** Its receiver gets nothing from now on. */
  unsubscribe(jobId: string): void
  isFollowing(jobId: string): boolean
  readonly followed: number
  /** Asks the server for a sign of life. Without one soon the socket is closed. */
  check(): void
  close(): void
}

const OPEN_TIMEOUT_MS = 10_000
/** The key was revoked, or the session has ended. */
const UNAUTHORIZED = 4401
const DONE = 1000
/** The reason says what. */
const SENT_TOO_MUCH = 1008

/** Frames are answered in order, so one that Redis holds up holds up the others. */
const ANSWER_TIMEOUT_MS = 30_000

type Answer = Readonly<Record<string, unknown>>

interface Question {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

const toCloseError = (code: number, reason: string): Error =>
  code === UNAUTHORIZED
    ? new RunnelApiError(reason === '' ? 'This key no longer works: use another one' : reason, {
        code: 'unauthorized',
        status: 401,
      })
    : new RunnelConnectionError(
        `The connection to Runnel broke (WebSocket code ${code}${code === SENT_TOO_MUCH ? `: ${reason}` : ''})`,
      )

/** `connect` opens the WebSocket. `onClose` is called once. */
export const createStreamSocket = (options: {
  readonly connect: () => Promise<WebSocket>
  readonly onClose: () => void
}): StreamSocket => {
  const { connect, onClose } = options
  const questions = new Map<string, Question>()
  const receivers = new Map<string, { readonly receiver: Receiver; hasBegun: boolean }>()
  const listening = new AbortController()
  let socket: WebSocket | undefined
  let state: StreamSocket['state'] = 'opening'
  let asked = 0
  const opening = Promise.withResolvers<void>()
  // A failure reaches those who wait for it. If nobody waits, it is no unhandled rejection.
  opening.promise.catch(() => {})
  const timer = setTimeout(
    () => end(new RunnelConnectionError(`The WebSocket of Runnel did not open within ${OPEN_TIMEOUT_MS} ms`)),
    OPEN_TIMEOUT_MS,
  )

  const end = (error: Error): void => {
    if (state === 'closed') return
    state = 'closed'
    clearTimeout(timer)
    pulse.stop()
    listening.abort()
    socket?.close(DONE)
    opening.reject(error)
    const open = [...questions.values()]
    const failed = [...receivers.values()]
    questions.clear()
    receivers.clear()
    for (const { reject } of open) reject(error)
    for (const { receiver } of failed) receiver.fail(error)
    onClose()
  }
  const pulse = createPulse({
    ask: () => void ask({ type: 'ping' }).catch(() => {}),
    onDeath: (silentMs) => end(new RunnelConnectionError(`Runnel has sent nothing for ${silentMs} ms`)),
  })

  const answer = (ref: string, settle: (question: Question) => void): void => {
    const question = questions.get(ref)
    questions.delete(ref)
    if (question !== undefined) settle(question)
  }
  const receiveError = (frame: Readonly<Record<string, unknown>>): void => {
    const error = readApiError(frame['error']) ?? new RunnelConnectionError('Runnel sent an error that cannot be read')
    const { ref, jobId } = frame
    if (typeof ref === 'string') {
      answer(ref, ({ reject }) => reject(error))
    } else if (typeof jobId === 'string') {
      const followed = receivers.get(jobId)
      receivers.delete(jobId)
      followed?.receiver.fail(error)
    }
  }
  const receive = (text: string): void => {
    const frame = readJson(text)
    if (!isRecord(frame)) return
    const { type, ref, event } = frame
    if (type === 'event' && isEvent(event)) {
      const followed = receivers.get(event.jobId)
      if (!followed?.hasBegun) return
      if (event.type === 'finished') receivers.delete(event.jobId)
      followed.receiver.receive(event, text.length)
    } else if (type === 'error') receiveError(frame)
    else if (typeof ref === 'string') answer(ref, ({ resolve }) => resolve(frame))
  }

  /** `onAnswer` is called before the next frame is read; a promise's callback may be called after it. */
  const ask = async (frame: ClientFrame, onAnswer?: () => void): Promise<Answer> => {
    await opening.promise
    if (state !== 'open' || socket === undefined) throw new RunnelConnectionError('The connection to Runnel is closed')
    asked += 1
    const ref = String(asked)
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const late = setTimeout(() => {
      const error = new RunnelConnectionError(`Runnel did not answer \`${frame.type}\` within ${ANSWER_TIMEOUT_MS} ms`)
      answer(ref, (question) => question.reject(error))
    }, ANSWER_TIMEOUT_MS)
    questions.set(ref, {
      resolve(given) {
        onAnswer?.()
        resolve(given)
      },
      reject,
    })
    socket.send(JSON.stringify({ ...frame, ref }))
    pulse.expectSoon()
    return promise.finally(() => clearTimeout(late))
  }

  const listen = (opened: WebSocket): void => {
    const { signal } = listening
    socket = opened
    if (signal.aborted) {
      opened.close(DONE)
      return
    }
    const on = <Name extends keyof WebSocketEventMap>(name: Name, handle: (event: WebSocketEventMap[Name]) => void) =>
      opened.addEventListener(name, handle, { signal })
    on('open', () => {
      state = 'open'
      clearTimeout(timer)
      pulse.hear()
      opening.resolve()
    })
    on('message', ({ data }) => {
      pulse.hear()
      receive(String(data))
    })
    on('error', () => {})
    on('close', ({ code, reason }) => end(toCloseError(code, reason)))
  }
  connect().then(listen, end)

  return {
    get state() {
      return state
    },
    opened: opening.promise,
    ask: (frame) => ask(frame),
    async subscribe(jobId, after, receiver) {
      const followed = { receiver, hasBegun: false }
      receivers.set(jobId, followed)
      try {
        const frame = { type: 'subscribe', jobId, ...(after === undefined ? {} : { after }) } as const
        await ask(frame, () => {
          followed.hasBegun = true
        })
      } catch (error) {
        if (receivers.get(jobId) === followed) receivers.delete(jobId)
        throw error
      }
    },
    unsubscribe(jobId) {
      if (receivers.delete(jobId)) ask({ type: 'unsubscribe', jobId }).catch(() => {})
    },
    isFollowing: (jobId) => receivers.has(jobId),
    get followed() {
      return receivers.size
    },
    check: () => pulse.check(),
    close: () => end(new RunnelConnectionError('The connection to Runnel was closed by this client')),
  }
}
