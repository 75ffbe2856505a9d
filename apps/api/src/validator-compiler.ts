import { jobNotFound } from '@runnel/operations'
import type { FastifySchemaCompiler } from 'fastify'
import type { z } from 'zod'
import { toInvalidRequest } from './errors/invalid-request.ts'
import { safeParse } from './errors/safe-parse.ts'

const WHOLE: Readonly<Record<string, string>> = { body: 'the body', querystring: 'the query', headers: 'the headers' }

/** Parses a part of a request with its zod schema. A path parameter is a job's id: if it is malformed, no such job exists. */
export const validatorCompiler: FastifySchemaCompiler<z.ZodType> =
  ({ schema, httpPart }) =>
  (data) => {
    const read = safeParse(schema, data)
    if (read.success) return { value: read.data }
    if (httpPart === 'params') return { error: jobNotFound() }
    return { error: toInvalidRequest(read.error, WHOLE[httpPart ?? ''] ?? 'the request') }
  }
