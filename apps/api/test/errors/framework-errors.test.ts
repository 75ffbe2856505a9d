import { ERROR_STATUS } from '@runnel/contract/public'
import { errorCodes } from 'fastify'
import { describe, expect, test } from 'vitest'
import { ERRORS_BY_STATUS, FASTIFY_ERRORS } from '../../src/errors/framework-errors.ts'
import { toRequestError } from '../../src/errors/to-request-error.ts'

/** Thrown while the app starts: a mistake of ours, although its status is 400. */
const AT_START = 'FST_ERR_CTP_INSTANCE_ALREADY_STARTED'

const errors = Object.values(errorCodes).map((FastifyError) => new FastifyError('x'))
const isMistake = ({ statusCode = 500 }: { statusCode?: number | undefined }): boolean =>
  statusCode >= 400 && statusCode <= 499

describe("An error of Fastify's", () => {
  test('that is a mistake of the caller has its own sentence', () => {
    const codes = errors.filter(isMistake).map(({ code }) => code)
    expect(Object.keys(FASTIFY_ERRORS).toSorted()).toEqual(codes.filter((code) => code !== AT_START).toSorted())
  })

  test.for(errors.map((error) => [error.code, error] as const))('is answered as what it is: %s', ([, error]) => {
    const { status, code } = toRequestError(error)
    if (isMistake(error)) expect([status >= 400, status <= 499]).toEqual([true, true])
    else expect(code).toBe('internal')
  })
})

describe('An error of a plugin', () => {
  test.for(Array.from({ length: 100 }, (_, n) => 400 + n))(
    'with the status %i is a mistake of the caller',
    (status) => {
      const error = Object.assign(new Error('secret'), { statusCode: status })
      const answer = toRequestError(error)
      expect([answer.status >= 400, answer.status <= 499]).toEqual([true, true])
      expect(answer.message).not.toContain('secret')
    },
  )

  test('keeps its status where the contract has one', () => {
    const statuses = new Set<number>(Object.values(ERROR_STATUS))
    for (const [status, [code]] of Object.entries(ERRORS_BY_STATUS)) {
      if (statuses.has(Number(status))) expect([status, ERROR_STATUS[code]]).toEqual([status, Number(status)])
    }
  })

  test('without a status is our fault', () => {
    expect(toRequestError(new Error('x')).code).toBe('internal')
    expect(toRequestError(Object.assign(new Error('x'), { statusCode: 502 })).code).toBe('internal')
  })
})
