import {
  agentErrorSchema,
  createFrameDecoder,
  type ExitReport,
  encodeCredit,
  exitReportSchema,
  type Frame,
  ProtocolError,
  RESPONSE,
  type Ready,
  readySchema,
} from './protocol.ts'

/** The connection to one agent, as bytes: a hijacked Docker stream, or the pipes of a child process. */
export interface Transport {
  write(bytes: Uint8Array): void
  /** No more requests: the agent reads the end of its input, ends, and its end of the connection with it. */
  end(): void
  /** Ends the connection at once; the agent takes that as its own end. */
  close(): void
}

/** What happens on one stream, in order. `failed` and `exited` are each the last. */
export type StreamEvent =
  | { readonly type: 'done' }
  | {
      readonly type: 'output'
      readonly stream: 'stdout' | 'stderr'
      readonly bytes: Buffer
    }
  | { readonly type: 'granted'; readonly bytes: number }
  | { readonly type: 'exited'; readonly report: ExitReport }
  | { readonly type: 'failed'; readonly error: Error }

export interface AgentChannel {
  /** The agent's next word that it awaits a program. To be asked before whatever makes it say so. */
  nextReady(): Promise<Ready>
  /** Settles (never rejects) with the reason when the connection is gone. */
  readonly closed: Promise<Error>
  send(frames: readonly Uint8Array[]): void
  /** A number that no stream of this connection has had. */
  newStream(): number
  /** Hears what happens on `stream` until its last event; more output than `credit` ends the sandbox. */
  listen(stream: number, credit: number, listener: (event: StreamEvent) => void): void
  giveCredit(stream: number, bytes: number): void
  /** Asks the agent to end; `closed` tells when it has. */
  end(): void
  close(reason: Error): void
  /** For the transport: bytes came, the connection ended. */
  received(chunk: Buffer): void
}

interface Listener {
  credit: number
  isDone: boolean
  readonly hear: (event: StreamEvent) => void
}

const parseJson = (payload: Buffer): unknown => {
  try {
    return JSON.parse(payload.toString('utf8'))
  } catch (cause) {
    throw new ProtocolError('The agent sent a report that is not JSON', {
      cause,
    })
  }
}

export const createAgentChannel = (transport: Transport): AgentChannel => {
  let ready: PromiseWithResolvers<Ready> | undefined
  const closed = Promise.withResolvers<Error>()
  const listeners = new Map<number, Listener>()
  let streams = 0
  let gone: Error | undefined

  const close = (reason: Error) => {
    if (gone !== undefined) return
    gone = reason
    transport.close()
    ready?.reject(reason)
    closed.resolve(reason)
    const hearing = [...listeners.values()]
    listeners.clear()
    for (const { hear } of hearing) hear({ type: 'failed', error: reason })
  }

  const onStream = (listener: Listener, { kind, stream, payload }: Frame) => {
    switch (kind) {
      case RESPONSE.stdout:
      case RESPONSE.stderr:
        if (payload.length === 0) throw new ProtocolError('The agent sent output of no bytes')
        listener.credit -= payload.length
        if (listener.credit < 0) throw new ProtocolError('The agent sent more output than it was given credit for')
        // A copy: the frame is a view of a larger chunk that must not stay alive for it.
        return listener.hear({
          type: 'output',
          stream: kind === RESPONSE.stdout ? 'stdout' : 'stderr',
          bytes: Buffer.from(payload),
        })
      case RESPONSE.done:
        if (listener.isDone) throw new ProtocolError('The agent said twice that it had begun')
        listener.isDone = true
        return listener.hear({ type: 'done' })
      case RESPONSE.grant:
        if (payload.length !== 4 || payload.readUInt32BE() === 0)
          throw new ProtocolError('The agent sent a grant that is no number of bytes')
        return listener.hear({
          type: 'granted',
          bytes: payload.readUInt32BE(),
        })
      // The last word on a stream; if it cannot be read, whoever listens still is to be told.
      case RESPONSE.exit: {
        const report = exitReportSchema.parse(parseJson(payload))
        listeners.delete(stream)
        return listener.hear({ type: 'exited', report })
      }
      case RESPONSE.error: {
        const { message } = agentErrorSchema.parse(parseJson(payload))
        listeners.delete(stream)
        return listener.hear({ type: 'failed', error: new Error(message) })
      }
      default:
        throw new ProtocolError(`The agent sent a frame of the unknown kind ${kind}`)
    }
  }

  const onFrame = (frame: Frame) => {
    if (frame.stream === 0 && frame.kind === RESPONSE.ready && ready !== undefined) {
      ready.resolve(readySchema.parse(parseJson(frame.payload)))
      ready = undefined
      return
    }
    const listener = listeners.get(frame.stream)
    if (listener === undefined)
      throw new ProtocolError(`The agent spoke of stream ${frame.stream}, which nobody opened`)
    return onStream(listener, frame)
  }

  const decode = createFrameDecoder(onFrame)

  return {
    closed: closed.promise,
    close,
    end() {
      if (gone === undefined) transport.end()
    },
    newStream: () => {
      streams += 1
      return streams
    },
    nextReady() {
      ready ??= Promise.withResolvers<Ready>()
      if (gone !== undefined) ready.reject(gone)
      ready.promise.catch(() => {}) // whoever waits for it hears of it; whoever does not has `closed`
      return ready.promise
    },
    send(frames) {
      if (gone === undefined) transport.write(Buffer.concat(frames))
    },
    listen(stream, credit, hear) {
      if (gone === undefined) listeners.set(stream, { credit, isDone: false, hear })
      else hear({ type: 'failed', error: gone })
    },
    giveCredit(stream, bytes) {
      const listener = listeners.get(stream)
      if (listener === undefined) return
      listener.credit += bytes
      transport.write(encodeCredit(stream, bytes))
    },
    received(chunk) {
      if (gone !== undefined) return
      try {
        decode(chunk)
      } catch (cause) {
        close(new ProtocolError('The agent broke the protocol', { cause }))
      }
    },
  }
}
