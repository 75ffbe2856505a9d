import { RequestError } from '@runnel/contract/public'
import { codeOf } from '../errors/framework-errors.ts'

/** The largest head of an answer, in bytes. */
export const ANSWER_HEAD_BYTES = 64 * 1024

const reasonOf = (error: unknown): string => {
  const code = codeOf(error) ?? ''
  if (code === 'HPE_HEADER_OVERFLOW') return `it sent more than ${ANSWER_HEAD_BYTES} bytes of headers`
  if (code.startsWith('HPE_') || code.startsWith('ERR_')) return 'it sent what is not HTTP'
  return 'it closed the connection before it answered'
}

/** Why the program's answer cannot be passed on. What the program sent is not in it. */
export const badAnswer = (port: number, error: unknown): RequestError =>
  error instanceof RequestError
    ? error
    : new RequestError('bad-preview-answer', `The program on port ${port} did not answer: ${reasonOf(error)}`, {
        cause: error,
      })

export const lateAnswer = (port: number, silentMs: number): RequestError =>
  new RequestError(
    'bad-preview-answer',
    `The program on port ${port} did not answer: nothing came from it for ${Math.round(silentMs / 1_000)} s`,
  )
