import {
  type Agent,
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { toRequestError } from '../errors/to-request-error.ts'
import { ANSWER_HEAD_BYTES, badAnswer, lateAnswer } from './bad-answer.ts'
import { toClientHeaders, wantsContinue } from './forwarded-headers.ts'
import { watchSilence } from './watch-silence.ts'

export interface Passage {
  readonly sandboxId: string
  readonly port: number
  /** For the program. */
  readonly headers: readonly string[]
  /** Of the preview, for redirects. */
  readonly origin: string
  readonly framePolicy: string
}

/** They can be sent twice: RFC 9110, 9.2.2. */
const CAN_REPEAT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])
/** Old servers know no 100-continue. Then we tell the client to go on. */
const CONTINUE_MS = 1_000
/** How long the rest of a body is read and dropped that the program did not want. */
const DROP_MS = 2_000

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'

const dropRest = (request: IncomingMessage): void => {
  if (request.readableEnded || request.destroyed) return
  const timer = setTimeout(() => request.destroy(), DROP_MS).unref()
  request.once('close', () => clearTimeout(timer))
  request.once('end', () => clearTimeout(timer))
  request.resume()
}

/**
 * Passes a request to a program and its answer back, as fast as each side takes it. Node's parser reads both: what is no HTTP, or can
 * be read in two ways, reaches neither side. Resolves with the status that the program answered, when all is over. Throws a
 * RequestError if nothing was answered yet, so that the caller can.
 */
export const proxyRequest = (
  request: IncomingMessage,
  response: ServerResponse,
  passage: Passage,
  options: { readonly agent: Agent; readonly silentMs: number },
): Promise<number | null> => {
  const { sandboxId, port, headers } = passage
  const { agent, silentMs } = options
  const { method = 'GET', url = '/' } = request
  const { promise, resolve, reject } = Promise.withResolvers<number | null>()
  const isWhole = !hasBody(request)
  let upstream: ClientRequest
  let answer: IncomingMessage | undefined
  let isContinued = false

  const fail = (error: unknown): void => {
    silence[Symbol.dispose]()
    upstream.destroy()
    if (answer === undefined && !response.destroyed) {
      request.unpipe()
      reject(error)
      return
    }
    // The client sees that the answer is not complete.
    response.destroy()
    resolve(answer?.statusCode ?? null)
  }

  const pass = (incoming: IncomingMessage): void => {
    answer = incoming
    const { statusCode = 0, statusMessage = '', rawHeaders } = incoming
    try {
      // The program's own, if it sends one.
      response.sendDate = false
      response.writeHead(statusCode, statusMessage, toClientHeaders(rawHeaders, passage))
    } catch (error) {
      answer = undefined
      fail(badAnswer(port, error))
      return
    }
    incoming.on('error', fail)
    // An answer that comes bit by bit starts now.
    setImmediate(() => {
      if (!response.writableEnded && !response.destroyed) response.flushHeaders()
    })
    incoming.pipe(response)
    incoming.once('end', () => {
      if (!upstream.writableFinished) upstream.destroy()
    })
  }

  /** The program wants the body that the client holds back. */
  const takeBody = (): void => {
    if (isContinued || response.headersSent || response.destroyed) return
    isContinued = true
    response.writeContinue()
  }

  const sendBody = (): void => {
    if (isWhole) {
      upstream.end()
      return
    }
    request.pipe(upstream)
    if (!wantsContinue(request.headers)) return
    upstream.flushHeaders()
    const late = setTimeout(takeBody, CONTINUE_MS)
    response.once('close', () => clearTimeout(late))
  }

  const send = (isFirst: boolean): void => {
    upstream = httpRequest({
      agent,
      host: sandboxId,
      port,
      method,
      path: url,
      headers,
      maxHeaderSize: ANSWER_HEAD_BYTES,
      setHost: false,
    })
    upstream.on('response', pass)
    upstream.on('continue', takeBody)
    // It speaks another protocol now, which nobody asked for.
    upstream.on('upgrade', (_, stream) => {
      stream.destroy()
      fail(badAnswer(port, undefined))
    })
    upstream.on('error', (error) => {
      const isStale = upstream.reusedSocket && answer === undefined && isWhole && CAN_REPEAT.has(method)
      if (isFirst && isStale && !response.destroyed) send(false)
      else fail(badAnswer(port, error))
    })
    upstream.on('socket', silence.watch)
    sendBody()
  }

  const silence = watchSilence(response, silentMs, () => fail(lateAnswer(port, silentMs)))
  response.once('close', () => {
    silence[Symbol.dispose]()
    if (!response.writableFinished) upstream.destroy()
    dropRest(request)
    resolve(answer?.statusCode ?? null)
  })
  response.on('error', () => {})
  try {
    send(true)
  } catch (error) {
    silence[Symbol.dispose]()
    reject(toRequestError(error))
  }
  return promise
}
