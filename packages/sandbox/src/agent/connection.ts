import { createFrameDecoder, type Frame, ProtocolError } from './frames.ts'
import {
  agentErrorSchema,
  closedSchema,
  type DialCode,
  type ExitReport,
  encodeCredit,
  exitReportSchema,
  listeningSchema,
  type Metrics,
  metricsSchema,
  RESPONSE,
  type Ready,
  readySchema,
  startedSchema,
} from './protocol.ts'

/** The bytes to one agent: an attached Docker stream, or the pipes of a child process. */
export interface Transport {
  write(bytes: Uint8Array): void
  /** No more requests. The agent reads the end of its input and exits, and its end of the connection closes. */
  end(): void
  /** Closes the connection at once; the agent then exits too. */
  close(): void
}

/** What happens on one stream, in order. `failed`, `exited`, `answered`, `listening` and `closed` are each the last event. */
export type StreamEvent =
  | { readonly type: 'done'; readonly pid: number | undefined }
  | {
      readonly type: 'output'
      readonly stream: 'stdout' | 'stderr'
      readonly bytes: Buffer
    }
  | { readonly type: 'granted'; readonly bytes: number }
  | { readonly type: 'exited'; readonly report: ExitReport }
  | { readonly type: 'answered'; readonly metrics: Metrics }
  /** A program at a port sends no more. */
  | { readonly type: 'ended' }
  | { readonly type: 'closed'; readonly isReset: boolean }
  | { readonly type: 'listening'; readonly ports: readonly number[] }
  /** A StartRefusal if the agent could not start it, else the connection is gone. */
  | { readonly type: 'failed'; readonly error: Error }

/** The agent could not start a program, or connect to a port. An agent whose sandbox lasts lives on. */
export class StartRefusal extends Error {
  override name = 'StartRefusal'
  /** Only of a port. */
  readonly code: DialCode | undefined

  constructor(message: string, code?: DialCode) {
    super(message)
    this.code = code
  }
}

export interface AgentConnection {
  /** Resolves when the agent next says that it is ready for a program. Call it before the request that leads to it. */
  nextReady(): Promise<Ready>
  /** Resolves with the reason when the connection is gone. Never rejects. */
  readonly closed: Promise<Error>
  send(frames: readonly Uint8Array[]): void
  /** A number that no stream of this connection has had. */
  newStream(): number
  /** Calls `listener` with the events of `stream` up to its last one. Output beyond `credit` bytes ends the sandbox. */
  listen(stream: number, credit: number, listener: (event: StreamEvent) => void): void
  giveCredit(stream: number, bytes: number): void
  /** Asks the agent to exit; `closed` resolves when it has. */
  end(): void
  close(reason: Error): void
  /** The transport calls this with the bytes that arrive. */
  received(chunk: Buffer): void
}

interface Listener {
  credit: number
  isDone: boolean
  isEnded: boolean
  readonly onEvent: (event: StreamEvent) => void
}

const parseJson = (payload: Buffer): unknown => {
  try {
    return JSON.parse(payload.toString('utf8'))
  } catch (cause) {
    throw new ProtocolError('The agent sent a report that is not JSON', { cause })
  }
}

/** The connection to one agent: checks each frame, and passes it on to the listener of its stream. */
export const createAgentConnection = (transport: Transport): AgentConnection => {
  let ready: PromiseWithResolvers<Ready> | undefined
  const closed = Promise.withResolvers<Error>()
  const listeners = new Map<number, Listener>()
  let streams = 0
  let closeReason: Error | undefined

  const close = (reason: Error) => {
    if (closeReason !== undefined) return
    closeReason = reason
    transport.close()
    ready?.reject(reason)
    closed.resolve(reason)
    const left = [...listeners.values()]
    listeners.clear()
    for (const { onEvent } of left) onEvent({ type: 'failed', error: reason })
  }

  const onStream = (listener: Listener, { kind, stream, payload }: Frame) => {
    switch (kind) {
      case RESPONSE.stdout:
      case RESPONSE.stderr:
        if (payload.length === 0) throw new ProtocolError('The agent sent output of no bytes')
        if (listener.isEnded) throw new ProtocolError('The agent sent output after its end')
        listener.credit -= payload.length
        if (listener.credit < 0) throw new ProtocolError('The agent sent more output than it was given credit for')
        return listener.onEvent({
          type: 'output',
          stream: kind === RESPONSE.stdout ? 'stdout' : 'stderr',
          // A copy, if it is a part of a larger chunk, which is given back.
          bytes: payload.length === payload.buffer.byteLength ? payload : Buffer.from(payload),
        })
      case RESPONSE.done:
        if (listener.isDone) throw new ProtocolError('The agent said twice that the program has started')
        listener.isDone = true
        return listener.onEvent({
          type: 'done',
          pid: payload.length === 0 ? undefined : startedSchema.parse(parseJson(payload)).pid,
        })
      case RESPONSE.grant:
        if (payload.length !== 4 || payload.readUInt32BE() === 0)
          throw new ProtocolError('The agent sent a grant that is not a number of bytes')
        return listener.onEvent({ type: 'granted', bytes: payload.readUInt32BE() })
      case RESPONSE.end:
        if (listener.isEnded) throw new ProtocolError('The agent ended its output twice')
        listener.isEnded = true
        return listener.onEvent({ type: 'ended' })
      // The last frame of a stream. It is parsed before its listener goes: if that fails, the listener gets `failed`.
      case RESPONSE.exit: {
        const report = exitReportSchema.parse(parseJson(payload))
        listeners.delete(stream)
        return listener.onEvent({ type: 'exited', report })
      }
      case RESPONSE.error: {
        const { message, code } = agentErrorSchema.parse(parseJson(payload))
        listeners.delete(stream)
        return listener.onEvent({ type: 'failed', error: new StartRefusal(message, code) })
      }
      case RESPONSE.answer: {
        const metrics = metricsSchema.parse(parseJson(payload))
        listeners.delete(stream)
        return listener.onEvent({ type: 'answered', metrics })
      }
      case RESPONSE.closed: {
        const { isReset } = closedSchema.parse(parseJson(payload))
        listeners.delete(stream)
        return listener.onEvent({ type: 'closed', isReset })
      }
      case RESPONSE.listening: {
        const { ports } = listeningSchema.parse(parseJson(payload))
        listeners.delete(stream)
        return listener.onEvent({ type: 'listening', ports })
      }
      default:
        throw new ProtocolError(`The agent sent a frame of the unknown kind ${kind}`)
    }
  }

  const onFrame = (frame: Frame) => {
    // Not while a program runs: only its EXIT leads to the next READY.
    if (frame.stream === 0 && frame.kind === RESPONSE.ready && ready !== undefined && listeners.size === 0) {
      ready.resolve(readySchema.parse(parseJson(frame.payload)))
      ready = undefined
      return
    }
    const listener = listeners.get(frame.stream)
    if (listener === undefined)
      throw new ProtocolError(`The agent sent a frame of stream ${frame.stream}, which is not open`)
    return onStream(listener, frame)
  }

  const decode = createFrameDecoder(onFrame)

  return {
    closed: closed.promise,
    close,
    end() {
      if (closeReason === undefined) transport.end()
    },
    newStream: () => {
      streams += 1
      return streams
    },
    nextReady() {
      ready ??= Promise.withResolvers<Ready>()
      if (closeReason !== undefined) ready.reject(closeReason)
      ready.promise.catch(() => {}) // a caller that does not await it has `closed`
      return ready.promise
    },
    send(frames) {
      if (closeReason !== undefined) return
      // One write where frames belong together. A large one is not copied for it.
      const [first] = frames
      if (first !== undefined) transport.write(frames.length === 1 ? first : Buffer.concat(frames))
    },
    listen(stream, credit, onEvent) {
      if (closeReason === undefined) listeners.set(stream, { credit, isDone: false, isEnded: false, onEvent })
      else onEvent({ type: 'failed', error: closeReason })
    },
    giveCredit(stream, bytes) {
      const listener = listeners.get(stream)
      if (listener === undefined) return
      listener.credit += bytes
      transport.write(encodeCredit(stream, bytes))
    },
    received(chunk) {
      if (closeReason !== undefined) return
      try {
        decode(chunk)
      } catch (cause) {
        close(new ProtocolError('The agent broke the protocol', { cause }))
      }
    },
  }
}
