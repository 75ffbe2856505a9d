import { executeRequestSchema, RequestError, type Submission } from '@runnel/contract/public'
import type { LogEntry } from '@runnel/operations'
import { readBrowserCookie } from '../access/browser-cookie.ts'
import { CALLER } from '../access/caller.ts'
import { requesterOf } from '../access/requester.ts'
import { createRequestId, logFault } from '../errors/error-answers.ts'
import { toInvalidRequest } from '../errors/invalid-request.ts'
import { safeParse } from '../errors/safe-parse.ts'
import { toErrorBody, toRequestError } from '../errors/to-request-error.ts'
import type { RouteOptions } from '../routes/route-options.ts'
import { closeConnection } from './close-connection.ts'
import { requireRuns } from './identify-socket.ts'
import type { RunSocket } from './protocol.ts'
import { createRunMessages, toNotice } from './run-messages.ts'

/** A page shows one run, or a few. Each costs a line of memory and one follower of a log. */
const RUNS_PER_SOCKET = 16
/** In a row. A client with a mistake sees it long before; a page does not start more runs at once. */
const REFUSALS = 30
const TOO_MANY_REFUSALS = `Cannot serve this socket any longer: it has sent ${REFUSALS} messages in a row that were refused; see their errors, and open another one`
const NO_PACKET = ['invalid-request', 'Cannot read this message: it is no packet of socket.io 3 or 4'] as const

const readSubmission = (request: unknown, { submissionSchema }: Pick<RouteOptions, 'submissionSchema'>): Submission => {
  const read = safeParse(executeRequestSchema, request)
  if (!read.success) throw toInvalidRequest(read.error, 'execute_code')
  const submission = safeParse(submissionSchema, read.data)
  if (!submission.success) throw toInvalidRequest(submission.error, 'execute_code')
  return submission.data
}

/**
 * One identified client. Resolves when it may be told that it is connected. It shows two kinds of runs, each from its first event to its last:
 *
 *   execute_code              the socket's own. They are canceled when the socket closes
 *   POST /execute             those that the same browser starts (`runnel_browser`). The request cancels them when it goes
 *
 * Runs share the socket. Each waits for the client before it reads more of its log, so a client that reads slowly costs a bounded
 * number of messages. A refusal is an `execution_error`, for clients that know it, and also a notice and an `execution_complete`,
 * for those that wait for that.
 */
export const runSocket = async (
  socket: RunSocket,
  options: Pick<
    RouteOptions,
    'operations' | 'recorder' | 'backend' | 'submissionSchema' | 'callers' | 'count' | 'closing' | 'whileConnected'
  >,
): Promise<void> => {
  const { operations, recorder, backend, callers, count, closing, whileConnected } = options
  const { caller: connected, handshake, emitter, isConnected } = socket.data
  const { request } = handshake
  const { conn } = socket
  const signal = whileConnected(conn)
  let runs = 0
  let refusals = 0

  /** Nothing more is read from the client. It does not connect again by itself. */
  const disconnect = (): void => {
    handshake.isRefused = true
    handshake.websocket?.pause()
    socket.disconnect()
  }

  const fail = (error: unknown, jobId: string | null): void => {
    if (signal.aborted) return
    // A client that sends without reading the refusals would fill the memory with them.
    if (emitter.isBehind) {
      disconnect()
      return
    }
    const fault = toRequestError(error)
    const body = toErrorBody(fault, createRequestId()).error
    logFault(request.log, fault, body.requestId)
    emitter.emit(['execution_error', { ...body, jobId }])
    emitter.emit(toNotice(body.message, jobId))
    emitter.emit(['execution_complete', { status: 'failed', jobId, outcome: null, error: body.message }])
  }

  const end = (error: RequestError): void => {
    fail(error, null)
    disconnect()
  }

  const refuse = (error: unknown): void => {
    refusals += 1
    if (refusals < REFUSALS) fail(error, null)
    else end(new RequestError('too-many-requests', TOO_MANY_REFUSALS))
  }

  const show = async (jobId: string, events: AsyncIterable<LogEntry>): Promise<void> => {
    const toMessages = createRunMessages(jobId)
    for await (const entry of events) {
      for (const message of toMessages(entry)) {
        await emitter.emit(message)
        if (signal.aborted) return
      }
    }
  }

  /** Looked up again for each run: a key can be revoked, and a tenant's limits can change, while a socket is open. */
  const renewCaller = async (): Promise<void> => {
    const caller = await callers.renew(connected)
    if (caller === undefined) throw new RequestError('unauthorized', 'The key of this socket is no longer valid')
    requireRuns(caller)
    request.setDecorator(CALLER, caller)
  }

  const submit = async (given: unknown) => {
    const submission = readSubmission(given, options)
    await renewCaller()
    const requester = requesterOf(request)
    const admit = (): Promise<void> => count(request)
    return operations.executeLive(requester, submission, { signal, closing, admit })
  }

  const execute = async (given: unknown): Promise<void> => {
    const { jobId, events } = await submit(given).catch((error: unknown) => {
      recorder.refused(toRequestError(error).code)
      throw error
    })
    refusals = 0
    connected.ticket?.jobIds.add(jobId)
    await show(jobId, events).catch((error: unknown) => fail(error, jobId))
  }

  const run = async (jobId: string | null, start: () => Promise<void>): Promise<void> => {
    if (runs >= RUNS_PER_SOCKET) {
      const message = `Cannot show more than ${RUNS_PER_SOCKET} runs at once on one socket: wait for one to finish, or open another socket`
      const error = new RequestError('too-many-subscriptions', message)
      return jobId === null ? refuse(error) : fail(error, jobId)
    }
    runs += 1
    try {
      await start()
    } catch (error) {
      if (jobId === null) refuse(error)
      else fail(error, jobId)
    } finally {
      runs -= 1
    }
  }

  socket.once('disconnect', () => closeConnection(conn, handshake))
  socket.on('execute_code', (given) => void run(null, () => execute(given)))
  socket.onAny((name: string) => {
    if (name === 'execute_code') return
    refuse(new RequestError('invalid-request', `Cannot serve ${JSON.stringify(name)}: this socket takes execute_code`))
  })
  // Of the parser: the packet cannot be read.
  socket.on('error', (error) => end(error instanceof RequestError ? error : new RequestError(...NO_PACKET)))
  handshake.refuse = end

  const watching = callers.watch(connected, () =>
    end(new RequestError('unauthorized', 'The key of this socket is no longer valid')),
  )
  signal.addEventListener('abort', () => watching[Symbol.dispose]())

  const browser = readBrowserCookie(request.headers.cookie)
  if (browser === undefined) return
  const listening = await backend.browserRuns.listen(connected.tenant.id, browser, async (jobId) => {
    await isConnected.promise
    await run(jobId, async () => show(jobId, await operations.follow(requesterOf(request), jobId, { signal })))
  })
  signal.addEventListener('abort', () => listening[Symbol.dispose]())
  if (signal.aborted) listening[Symbol.dispose]()
}
