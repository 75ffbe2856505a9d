import type { Readable } from 'node:stream'
import { RequestError } from '@runnel/contract/public'
import { invalidForm, openFormParser } from './form-parser.ts'

/** Files in one form. */
export const FORM_FILES = 1_000

interface FormFile {
  /** Its `filename`, with slashes. */
  readonly name: string
  readonly bytes: Readable
}

const requireForm = (contentType = ''): string => {
  if (/^multipart\/form-data\b/i.test(contentType)) return contentType
  throw new RequestError('unsupported-media-type', 'Cannot read the body: send the files as multipart/form-data')
}

/**
 * The files of a form, one after the other. The parser gives the next one when the reader has read the one before: who reads slowly
 * holds the client back. What is wrong with the form ends the file that is being read, and then this.
 */
export async function* readFormFiles(body: Readable, contentType: string | undefined): AsyncGenerator<FormFile> {
  const parser = openFormParser(requireForm(contentType), FORM_FILES)
  let fault: Error | undefined
  let isOver = false
  let current: Readable | undefined
  const waiting: FormFile[] = []
  let news = Promise.withResolvers<void>()
  const announce = (): void => {
    news.resolve()
    news = Promise.withResolvers()
  }
  const fail = (error: Error): void => {
    fault ??= error
    current?.destroy(error)
    for (const { bytes } of waiting) bytes.destroy(error)
    body.unpipe(parser)
    announce()
  }
  parser.on('file', (_field, bytes, name) => {
    bytes.on('error', fail)
    if (name === undefined || name === '') return fail(invalidForm('a file has no `filename`'))
    waiting.push({ name, bytes })
    announce()
  })
  parser.on('filesLimit', () => fail(invalidForm(`it has more than ${FORM_FILES} files`)))
  parser.on('fieldsLimit', () => fail(invalidForm('it has a field that is no file; send files, and nothing else')))
  parser.on('error', (cause) => fail(invalidForm('it is not valid multipart/form-data', cause)))
  parser.on('finish', () => {
    isOver = true
    announce()
  })
  body.on('error', fail)
  body.pipe(parser)
  try {
    let files = 0
    for (;;) {
      if (fault !== undefined) throw fault
      const next = waiting.shift()
      if (next !== undefined) {
        files += 1
        current = next.bytes
        yield next
      } else if (isOver) {
        if (files === 0) throw invalidForm('it has no file; send some as parts with a `filename`')
        return
      } else await news.promise
    }
  } finally {
    body.unpipe(parser)
  }
}
