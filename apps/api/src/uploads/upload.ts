import type { Readable } from 'node:stream'
import { contentTypeSchema, fileNameSchema } from '@runnel/contract/public'
import type { FastifyRequest } from 'fastify'
import { toInvalidRequest } from '../errors/invalid-request.ts'
import { readForm } from './read-form.ts'
import { readLength, streamedBody } from './streamed-bodies.ts'

/** A file that a client sends. */
export interface Upload {
  readonly name: string
  readonly contentType: string
  /** Undefined if the client does not say. */
  readonly sizeBytes: number | undefined
  readonly bytes: Readable
  /** Resolves when the rest of the body has been read too, which may show that it is not valid. */
  readonly whole: Promise<void>
}

const UNNAMED = 'file'
const UNKNOWN_TYPE = 'application/octet-stream'
const FORM = /^multipart\/form-data\b/i

const readName = (name: string | undefined): string => {
  const read = fileNameSchema.safeParse(name === undefined || name === '' ? UNNAMED : name)
  if (!read.success) throw toInvalidRequest(read.error, 'the file')
  return read.data
}

const readType = (type: string | undefined): string => {
  const read = contentTypeSchema.safeParse(type === undefined || type === '' ? UNKNOWN_TYPE : type)
  if (!read.success) throw toInvalidRequest(read.error, 'the file')
  return read.data
}

/** The file that a request has: as its body, or as the one file of a form. `named` comes first, then what the form says. */
export const readUpload = async (
  { body, raw, headers }: FastifyRequest,
  named: string | undefined,
): Promise<Upload> => {
  const type = headers['content-type']
  if (!FORM.test(type ?? '')) {
    const length = readLength(raw)
    return {
      name: readName(named),
      contentType: readType(type),
      // Without a body there is no length.
      sizeBytes: length ?? (body === undefined ? 0 : undefined),
      bytes: streamedBody(body, raw),
      whole: Promise.resolve(),
    }
  }
  const form = await readForm(streamedBody(body, raw), type ?? '')
  try {
    return {
      ...form,
      name: readName(named ?? form.name),
      contentType: readType(form.contentType),
      sizeBytes: undefined,
    }
  } catch (error) {
    form.bytes.destroy()
    throw error
  }
}
