import { setTimeout as delay } from 'node:timers/promises'
import type { createClientFrameSchema, ServerFrame } from '@runnel/contract/public'
import { RequestError } from '@runnel/contract/public'
import type { Operations } from '@runnel/operations'
import type { JobIds, JobRecorder } from '@runnel/registry'
import type { FastifyRequest } from 'fastify'
import type { WebSocket } from 'ws'
import { auditLogOf } from '../access/audit-log.ts'
import { CALLER, type Caller, callerOf } from '../access/caller.ts'
import type { CallerDirectory } from '../access/caller-directory.ts'
import { closeWhenRevoked } from '../access/close-when-revoked.ts'
import type { CountRequest } from '../access/rate-limit.ts'
import { requesterOf } from '../access/requester.ts'
import { createRequestId, logFault } from '../errors/error-answers.ts'
import { toErrorBody, toRequestError } from '../errors/to-request-error.ts'
import { createPreviewUrls } from '../events/add-preview-url.ts'
import { paceReads } from '../events/read-pace.ts'
import { createSocketWriter, keepAlive } from '../events/socket-writer.ts'
import { toTextFrame } from '../events/text-frame.ts'
import type { InputTurns } from '../input-turns.ts'
import type { PreviewDomain } from '../previews/preview-domain.ts'
import { askedBy } from '../previews/preview-url.ts'
import { answerFrame } from './answer-frame.ts'
import { createDependents } from './dependents.ts'
import { runFrameLoop } from './frame-loop.ts'
import { readFrame } from './read-frame.ts'
import { createSubscriptions } from './subscriptions.ts'

/** How long the frames after one that was refused as too many (429) wait. */
const LATER_MS = 20

/**
 * A session is one WebSocket: frames come in, answers and events go out.
 *
 *   frame ──▶ its turn ──▶ read ──▶ answered ──▶ (a subscription starts) ──▶ events …
 *
 * 1. Frames are answered one after another, in order, so two `stdin` frames of one job reach it in that order (`frame-loop.ts`).
 * 2. Subscriptions run in parallel. Each waits for the client before it reads the next event.
 * 3. Anything wrong with a frame is answered with an `error` frame. A session ends only if the client closes it, sends nothing but
 *    bad frames, stops answering pings or loses its key, or if the server stops.
 */
export const runStreamSession = (
  socket: WebSocket,
  request: FastifyRequest,
  options: {
    operations: Operations
    jobIds: JobIds
    recorder: JobRecorder
    callers: CallerDirectory
    count: CountRequest
    inputTurns: InputTurns
    frameSchema: ReturnType<typeof createClientFrameSchema>
    previewDomain: PreviewDomain
    heartbeatMs: number
    sharesFrames: boolean
    signal: AbortSignal
    closing: AbortSignal
  },
): void => {
  const {
    operations,
    jobIds,
    recorder,
    callers,
    count,
    inputTurns,
    frameSchema,
    previewDomain,
    heartbeatMs,
    sharesFrames,
    signal,
    closing,
  } = options
  const connected = callerOf(request)
  const writer = createSocketWriter(socket, request.raw.socket, sharesFrames)

  const send = (frame: ServerFrame): Promise<void> | undefined => writer.send(toTextFrame(JSON.stringify(frame)))
  const sendError = async (error: unknown, named: { ref?: string; jobId?: string }): Promise<void> => {
    const fault = toRequestError(error)
    const requestId = createRequestId()
    logFault(request.log, fault, requestId)
    await send({ type: 'error', ...named, ...toErrorBody(fault, requestId) })
  }
  const { addTo } = createPreviewUrls(previewDomain, askedBy(request))
  const subscriptions = createSubscriptions({
    signal,
    send(jobId, entry) {
      const { type, json } = addTo(entry)
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

  const answer = async (bytes: Uint8Array, isBinary: boolean): Promise<boolean> => {
    const { frame, isSubmission, ...named } = readFrame(bytes, isBinary, frameSchema)
    const ref = named.ref === undefined ? {} : { ref: named.ref }
    try {
      if (frame instanceof RequestError) throw frame
      const caller = await findCaller()
      const { accepted, start } = await answerFrame(frame, {
        operations,
        jobIds,
        subscriptions,
        dependents,
        caller,
        auditLog,
        count: () => count(request),
      })
      await send(accepted === undefined ? { type: 'ok', ...ref } : { type: 'accepted', ...ref, job: accepted })
      start?.()
    } catch (error) {
      const { code, status } = toRequestError(error)
      if (isSubmission) recorder.refused(code)
      if (!signal.aborted) await sendError(error, named)
      // It is asked to try later. One that tries at once would keep us and Redis busy with refusals.
      if (status === 429) await delay(LATER_MS)
    }
    return !(frame instanceof RequestError)
  }

  const tenant = (): string => connected.tenant.id
  runFrameLoop(socket, {
    signal,
    pace: paceReads(socket, request.raw.socket, { inputTurns, tenant }),
    takeTurn: (bytes) => inputTurns.take(tenant(), bytes),
    answer,
  })
  keepAlive(socket, request.raw.socket, heartbeatMs)
  closeWhenRevoked(callers, connected, socket)
}
