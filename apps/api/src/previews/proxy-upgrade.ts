import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Upgrade } from '../upgrade-dispatcher.ts'
import { ANSWER_HEAD_BYTES, badAnswer, lateAnswer } from './bad-answer.ts'
import { toClientHeaders } from './forwarded-headers.ts'
import type { Dial } from './program-agent.ts'
import type { Passage } from './proxy-request.ts'

/** A client that has gone without a word is noticed by its kernel's silence. */
const PROBE_MS = 60_000
const LISTENERS = 30

const toHead = (statusMessage: string, headers: readonly string[]): string => {
  const lines = [`HTTP/1.1 101 ${statusMessage}`, 'Connection: Upgrade']
  for (let at = 0; at < headers.length; at += 2) lines.push(`${headers[at]}: ${headers[at + 1]}`)
  return `${lines.join('\r\n')}\r\n\r\n`
}

const isSocket = (stream: Duplex): stream is Socket => 'setKeepAlive' in stream && 'setTimeout' in stream

/** What a client may send before its handshake is answered. Usual ones send nothing. */
const EARLY_BYTES = 64 * 1024

/** Reads a client that waits, because one that has gone is noticed by nothing else. The answer stops it, and has what came. */
const readEarly = (client: Socket): (() => Buffer) => {
  const parts: Buffer[] = []
  let bytes = 0
  const take = (part: Buffer): void => {
    parts.push(part)
    bytes += part.length
    if (bytes > EARLY_BYTES) client.destroy()
  }
  const leave = (): void => void client.destroy()
  client.on('data', take).once('end', leave)
  return () => {
    client.pause()
    client.off('data', take).off('end', leave)
    return Buffer.concat(parts)
  }
}

/** Both ways, each as fast as the other side takes it, until one side ends. */
const join = async (client: Duplex, program: Duplex): Promise<void> => {
  // Two pipelines, a parser and our own counts: more than Node thinks usual, and no more with time.
  for (const side of [client, program]) side.setMaxListeners(LISTENERS)
  if (isSocket(client)) client.setTimeout(0).setKeepAlive(true, PROBE_MS)
  if (isSocket(program)) program.setTimeout(0)
  const ways = [pipeline(client, program), pipeline(program, client)]
  await Promise.allSettled(ways)
  client.destroy()
  program.destroy()
}

/**
 * Passes a WebSocket to a program: its handshake as a request, then bytes both ways. A program that answers otherwise is passed back
 * as to any request. Resolves with the status when all is over; throws what to answer if nothing was answered.
 */
export const proxyUpgrade = async (
  { request, socket, head }: Upgrade & { readonly socket: Socket },
  response: ServerResponse,
  passage: Passage,
  options: { readonly dial: Dial; readonly silentMs: number },
): Promise<number | null> => {
  const { sandboxId, port } = passage
  const stopReading = readEarly(socket)
  const stream = await options.dial({ sandboxId, port })
  const { promise, resolve, reject } = Promise.withResolvers<number | null>()
  const headers = [...passage.headers, 'Connection', 'Upgrade', 'Upgrade', 'websocket']
  const upstream = httpRequest({
    createConnection: () => stream,
    method: 'GET',
    path: request.url ?? '/',
    headers,
    maxHeaderSize: ANSWER_HEAD_BYTES,
    setHost: false,
  })
  const late = setTimeout(() => {
    upstream.destroy()
    reject(lateAnswer(port, options.silentMs))
  }, options.silentMs)
  const leave = (): void => {
    upstream.destroy()
    stream.destroy()
  }
  socket.once('close', leave)
  upstream.on('error', (error) => {
    clearTimeout(late)
    reject(badAnswer(port, error))
  })
  upstream.on('upgrade', (answer, program, first) => {
    clearTimeout(late)
    const list = toClientHeaders(answer.rawHeaders, passage)
    response.detachSocket(socket)
    socket.write(toHead(answer.statusMessage ?? '', [...list, 'Upgrade', 'websocket']), 'latin1')
    if (first.length > 0) socket.write(first)
    program.write(Buffer.concat([head, stopReading()]))
    void join(socket, program).then(() => resolve(101))
  })
  upstream.on('response', (answer: IncomingMessage) => {
    clearTimeout(late)
    const { statusCode = 502, statusMessage = '', rawHeaders } = answer
    try {
      response.sendDate = false
      response.writeHead(statusCode, statusMessage, toClientHeaders(rawHeaders, passage))
    } catch (error) {
      leave()
      reject(badAnswer(port, error))
      return
    }
    answer.on('error', () => socket.destroy())
    answer.pipe(response)
    response.once('close', () => resolve(statusCode))
  })
  upstream.end()
  return promise
}
