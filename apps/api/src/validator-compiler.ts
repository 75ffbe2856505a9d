import type { RequestError } from '@runnel/contract/public'
import { commandNotFound, jobNotFound, sandboxNotFound, watcherNotFound } from '@runnel/operations'
import type { FastifySchemaCompiler } from 'fastify'
import type { z } from 'zod'
import { toInvalidRequest } from './errors/invalid-request.ts'
import { safeParse } from './errors/safe-parse.ts'

const WHOLE: Readonly<Record<string, string>> = { body: 'the body', querystring: 'the query', headers: 'the headers' }

/** A path parameter is the id of something: if it is malformed, no such thing exists. */
const toNotFound = (url: string, { issues }: z.core.$ZodError): RequestError => {
  if (!url.startsWith('/v1/sandboxes/')) return jobNotFound()
  const [name] = issues[0]?.path ?? []
  if (name === 'command') return commandNotFound()
  return name === 'watcher' ? watcherNotFound() : sandboxNotFound()
}

/** Parses a part of a request with its zod schema. */
export const validatorCompiler: FastifySchemaCompiler<z.ZodType> =
  ({ schema, httpPart, url }) =>
  (data) => {
    const read = safeParse(schema, data)
    if (read.success) return { value: read.data }
    if (httpPart === 'params') return { error: toNotFound(url ?? '', read.error) }
    return { error: toInvalidRequest(read.error, WHOLE[httpPart ?? ''] ?? 'the request') }
  }
