import type { Readable } from 'node:stream'
import { Busboy, type BusboyInstance } from '@fastify/busboy'
import { RequestError } from '@runnel/contract/public'

interface FileOfForm {
  readonly name: string | undefined
  readonly contentType: string
  readonly bytes: Readable
  readonly whole: Promise<void>
}

/** Of the headers of one part: a name, a type, and little else. */
const LIMITS = { files: 1, fields: 0, headerPairs: 16, headerSize: 8 * 1024 }

const invalid = (why: string, cause?: unknown): RequestError =>
  new RequestError('invalid-request', `Cannot read the form: ${why}`, { cause })

const openParser = (contentType: string): BusboyInstance => {
  try {
    return new Busboy({ headers: { 'content-type': contentType }, limits: LIMITS })
  } catch (cause) {
    throw invalid('its Content-Type has no valid boundary', cause)
  }
}

/**
 * The one file of a form, as a stream, when its first bytes have come. The reader of the file sets the pace. Whatever is wrong with
 * the form, before, in or after the file, ends `bytes` with an error if they have not ended yet, and rejects `whole`.
 */
export const readForm = async (body: Readable, contentType: string): Promise<FileOfForm> => {
  const parser = openParser(contentType)
  const found = Promise.withResolvers<FileOfForm>()
  const whole = Promise.withResolvers<void>()
  // Who waits for the file gets the same error, and may not wait for the rest.
  whole.promise.catch(() => {})
  found.promise.catch(() => {})
  let bytes: Readable | undefined

  const fail = (error: Error): void => {
    found.reject(error)
    whole.reject(error)
    bytes?.destroy(error)
    body.unpipe(parser)
    body.destroy()
  }
  parser.on('file', (_field, stream, name, _encoding, type) => {
    bytes = stream
    // The parser reports an error of a part here, and again below.
    stream.on('error', fail)
    stream.once('close', () => {
      if (!stream.readableEnded) fail(invalid('it was not read to its end'))
    })
    found.resolve({ name, contentType: type, bytes: stream, whole: whole.promise })
  })
  for (const limit of ['filesLimit', 'fieldsLimit', 'partsLimit']) {
    parser.on(limit, () => fail(invalid('it has more than one part; send one file, and nothing else')))
  }
  parser.on('error', (cause) => fail(invalid('it is not valid multipart/form-data', cause)))
  parser.on('finish', () => {
    found.reject(invalid('it has no file; send one as a part with a `filename`'))
    whole.resolve()
  })
  body.on('error', fail)
  body.pipe(parser)
  return found.promise
}
