import { ERROR_STATUS, errorBodySchema } from '@runnel/contract/public'
import type { LightMyRequestResponse } from 'fastify'
import { expect } from 'vitest'

/** Details of our files, our libraries, the engine and Redis, which no answer may show. */
const OURS =
  /node_modules|node:internal|\.[cm]?[jt]s:\d|\bat (?:async )?[\w.<>]+ \(|ZodError|FST_ERR|ReplyError|EVALSHA|redis\.call|\/src\//

export const expectNothingOfOurs = (text: string): void => {
  expect(OURS.exec(text)?.[0], text.slice(0, 2_000)).toBeUndefined()
}

/** Checks an answer of 400 and above: never our own fault, and always a complete error body. */
export const expectRefusal = (status: number, text: string): void => {
  expectNothingOfOurs(text)
  const { error } = errorBodySchema.parse(JSON.parse(text))
  expect([status, error.code]).toEqual([ERROR_STATUS[error.code], error.code])
  expect(status, text.slice(0, 2_000)).toBeLessThan(500)
  expect(error.message.length, 'a message for people').toBeGreaterThan(10)
  expect(text.length).toBeLessThan(400_000)
}

/** Checks any answer, and returns its status. */
export const expectGoodAnswer = ({ statusCode, body, headers, raw }: LightMyRequestResponse): number => {
  if (statusCode < 400) return statusCode
  expect(headers['content-type']).toBe('application/json; charset=utf-8')
  if (raw.req.method === 'HEAD') expect(statusCode).toBeLessThan(500)
  else expectRefusal(statusCode, body)
  return statusCode
}
