import {
  ERROR_STATUS,
  type ErrorCode,
  RequestError,
  sandboxEndingSchema,
  sandboxIdSchema,
} from '@runnel/contract/public'
import { z } from 'zod'

/** The answer to a request, as JSON in base64url. The body of the response is for bytes. */
export const ANSWER_HEADER = 'x-runnel-answer'
/** What a connection is upgraded to. */
export const UPGRADE_PROTOCOL = 'runnel-bytes'
/** A request is in its URL, because the URL is signed: a command with 64 KiB of arguments, each character escaped. */
export const HEADER_BYTES = 1024 * 1024

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const decode = (text: string): unknown => JSON.parse(Buffer.from(text, 'base64url').toString())

/** `/sandboxes/<id>/<act>?request=<JSON in base64url>` */
export const toPath = (sandboxId: string, act: string, request: object): string =>
  `/sandboxes/${sandboxId}/${act}?request=${encode(request)}`

const PATH = /^\/sandboxes\/([^/?]+)\/([a-z-]+)\?request=([\w-]+)$/

/** Undefined if it is not a path that `toPath` makes. The request itself is not checked yet. */
export const readPath = (
  path: string,
): { readonly sandboxId: string; readonly act: string; readonly readRequest: () => unknown } | undefined => {
  const [, id, act = '', request = ''] = PATH.exec(path) ?? []
  const sandboxId = sandboxIdSchema.safeParse(id)
  return sandboxId.success ? { sandboxId: sandboxId.data, act, readRequest: () => decode(request) } : undefined
}

export const toAnswerHeader = encode
export const readAnswerHeader = (header: unknown): unknown => (typeof header === 'string' ? decode(header) : undefined)

const isCode = (code: string): code is ErrorCode => code in ERROR_STATUS
const errorSchema = z.object({
  code: z.string().refine(isCode),
  message: z.string(),
  ending: sandboxEndingSchema.optional(),
})

/** The body of an answer that is not 200. */
export const toErrorBody = ({ code, message, ending }: RequestError): string =>
  JSON.stringify({ code, message, ending })

/** Undefined if it is not the body of one of our errors. */
export const readErrorBody = (body: string): RequestError | undefined => {
  try {
    const read = errorSchema.safeParse(JSON.parse(body))
    if (!read.success) return undefined
    const { code, message, ending } = read.data
    return new RequestError(code, message, ending === undefined ? {} : { ending })
  } catch {
    return undefined
  }
}
