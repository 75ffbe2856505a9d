import type { Readable } from 'node:stream'
import { invalidForm, openFormParser } from './form-parser.ts'

interface FileOfForm {
  readonly name: string | undefined
  readonly contentType: string
  readonly bytes: Readable
  readonly whole: Promise<void>
}

/**
 * The one file of a form, as a stream, when its first bytes have come. The reader of the file sets the pace. Whatever is wrong with
 * the form, before, in or after the file, ends `bytes` with an error if they have not ended yet, and rejects `whole`.
 */
export const readForm = async (body: Readable, contentType: string): Promise<FileOfForm> => {
  const parser = openFormParser(contentType, 1)
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
      if (!stream.readableEnded) fail(invalidForm('it was not read to its end'))
    })
    found.resolve({ name, contentType: type, bytes: stream, whole: whole.promise })
  })
  for (const limit of ['filesLimit', 'fieldsLimit', 'partsLimit']) {
    parser.on(limit, () => fail(invalidForm('it has more than one part; send one file, and nothing else')))
  }
  parser.on('error', (cause) => fail(invalidForm('it is not valid multipart/form-data', cause)))
  parser.on('finish', () => {
    found.reject(invalidForm('it has no file; send one as a part with a `filename`'))
    whole.resolve()
  })
  body.on('error', fail)
  body.pipe(parser)
  return found.promise
}
