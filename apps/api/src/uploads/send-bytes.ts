import { sendAll } from '@runnel/bytes'
import type { FastifyReply } from 'fastify'
import { logFault } from '../errors/error-answers.ts'
import { toRequestError } from '../errors/to-request-error.ts'

/**
 * Answers with bytes, at the pace of the client, in place of `reply.send`: that leaves the memory of each piece to the garbage
 * collector. The status and headers of the reply are set. If the bytes end with an error, the answer breaks off, so that no client
 * takes it for complete.
 */
export const sendBytes = async (reply: FastifyReply, bytes: AsyncIterable<Uint8Array>): Promise<void> => {
  const { statusCode } = reply
  const headers = reply.getHeaders()
  const { raw } = reply.hijack()
  // The client closes just before a write.
  raw.on('error', () => {})
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) raw.setHeader(name, value)
  raw.writeHead(statusCode)
  try {
    await sendAll(bytes, raw)
  } catch (error) {
    if (!raw.destroyed) logFault(reply.log, toRequestError(error), reply.request.id)
    raw.destroy()
  }
}
