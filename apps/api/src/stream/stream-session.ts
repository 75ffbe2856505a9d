import type { createClientFrameSchema, ServerFrame } from '@runnel/contract/public'
import { RequestError } from '@runnel/contract/public'
import type { Operations } from '@runnel/operations'
import type { JobRecorder } from '@runnel/registry'
import type { FastifyRequest } from 'fastify'
import type { RawData, WebSocket } from 'ws'
import { auditLogOf } from '../access/audit-log.ts'
import { CALLER, type Caller, callerOf } from '../access/caller.ts'
import type { CallerDirectory } from '../access/caller-directory.ts'
import { closeWhenRevoked } from '../access/close-when-revoked.ts'
import type { CountRequest } from '../access/rate-limit.ts'
import { requesterOf } from '../access/requester.ts'
import { createRequestId, logFault } from '../errors/error-answers.ts'
import { toErrorBody, toRequestError } from '../errors/to-request-error.ts'
import { createSocketWriter, keepAlive } from '../events/socket-writer.ts'
import { toTextFrame } from '../events/text-frame.ts'
import { answerFrame } from './answer-frame.ts'
import { createDependents } from './dependents.ts'
import { readFrame } from './read-frame.ts'
import { createSubscriptions } from './subscriptions.ts'

const toBytes = (data: RawData): Uint8Array => {
  if (Array.isArray(data)) return Buffer.concat(data)
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data
}

/**
 * A session is one WebSocket: frames come in, answers and events go out.
 *
 *   frame ──▶ read ──▶ answered ──▶ (a subscription starts) ──▶ events …
 *
 * 1. Frames are answered one after another, in order, so two `stdin` frames of one job reach it in that order.
 * 2. The socket is not read while a frame is being answered. If a client sends faster than Redis accepts, its frames wait
 *    in the TCP connection.
 * 3. Subscriptions run in parallel. Each waits for the client before it reads the next event.
 * 4. Anything wrong with a frame is answered with an `error` frame. A session ends only if the client closes it, stops
 *    answering pings or loses its key, or if the server stops.
 */
export const runStreamSession = (
  socket: WebSocket,
  request: FastifyRequest,
  options: {
    operations: Operations
    recorder: JobRecorder
    callers: CallerDirectory
    count: CountRequest
    frameSchema: ReturnType<typeof createClientFrameSchema>
    heartbeatMs: number
    sharesFrames: boolean
    signal: AbortSignal
    closing: AbortSignal
  },
): void => {
  const { operations, recorder, callers, count, frameSchema, heartbeatMs, sharesFrames, signal, closing } = options
  const connected = callerOf(request)
  const writer = createSocketWriter(socket, request.raw.socket, sharesFrames)

  const send = (frame: ServerFrame): Promise<void> | undefined => writer.send(toTextFrame(JSON.stringify(frame)))
  const sendError = async (error: unknown, named: { ref?: string; jobId?: string }): Promise<void> => {
    const fault = toRequestError(error)
    const requestId = createRequestId()
    logFault(request.log, fault, requestId)
    await send({ type: 'error', ...named, ...toErrorBody(fault, requestId) })
  }
  const subscriptions = createSubscriptions({
    signal,
    send(jobId, { type, json }) {
      if (type === 'finished') dependents.remove(jobId)
      return writer.send(toTextFrame(`{"type":"event","event":${json}}`))
    },
    fail: (jobId, error) => void sendError(error, { jobId }),
  })

  const auditLog = auditLogOf(request)
  const dependents = createDependents({
    signal,
    cancel: (jobId) => operations.cancelAbandoned(requesterOf(request), jobId, closing),
  })

  /** Looked up again for each frame: a key can be revoked, and a tenant's limits can change, while a socket is open. */
  const findCaller = async (): Promise<Caller> => {
    const caller = await callers.renew(connected)
    if (caller !== undefined) {
      request.setDecorator(CALLER, caller)
      return caller
    }
    throw new RequestError('unauthorized', 'The key of this socket is no longer valid')
  }

  const answer = async (data: RawData, isBinary: boolean): Promise<void> => {
    const { frame, isSubmission, ...named } = readFrame(toBytes(data), isBinary, frameSchema)
    const ref = named.ref === undefined ? {} : { ref: named.ref }
    try {
      if (frame instanceof RequestError) throw frame
      const caller = await findCaller()
      const { accepted, start } = await answerFrame(frame, {
        operations,
        subscriptions,
        dependents,
        caller,
        auditLog,
        count: () => count(request),
      })
      await send(accepted === undefined ? { type: 'ok', ...ref } : { type: 'accepted', ...ref, job: accepted })
      start?.()
    } catch (error) {
      if (isSubmission) recorder.refused(toRequestError(error).code)
      if (!signal.aborted) await sendError(error, named)
    }
  }

  let answered: Promise<void> = Promise.resolve()
  let waiting = 0
  socket.on('message', (data, isBinary) => {
    waiting += 1
    socket.pause()
    answered = answered
      .then(() => (signal.aborted || socket.readyState !== socket.OPEN ? undefined : answer(data, isBinary)))
      // The client went away while it was being answered.
      .catch(() => {})
      .finally(() => {
        waiting -= 1
        if (waiting === 0 && !signal.aborted) socket.resume()
      })
  })
  keepAlive(socket, request.raw.socket, heartbeatMs)
  closeWhenRevoked(callers, connected, socket)
}
