import { type ClientFrame, type createClientFrameSchema, RequestError } from '@runnel/contract/public'
import { decodeUtf8 } from '../body-parsers.ts'
import { toInvalidRequest } from '../errors/invalid-request.ts'
import { safeParse } from '../errors/safe-parse.ts'
import { boundJson } from '../input-bounds.ts'

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw new RequestError('invalid-request', 'Cannot read the frame: it is not valid JSON')
  }
}

/** A text field of a frame that may be invalid, so that the error can carry it too. */
const findText = (value: unknown, key: 'ref' | 'jobId' | 'type'): string | undefined => {
  const found =
    typeof value === 'object' && value !== null ? Object.entries(value).find(([name]) => name === key)?.[1] : undefined
  return typeof found === 'string' && found.length <= 128 ? found : undefined
}

interface FrameRead {
  readonly ref?: string
  readonly jobId?: string
  /** Whether it says so itself, though it may be invalid. */
  readonly isSubmission: boolean
  readonly frame: ClientFrame | RequestError
}

/** Reads one frame. What is wrong with it is returned, not thrown: the socket stays open. */
export const readFrame = (
  bytes: Uint8Array,
  isBinary: boolean,
  schema: ReturnType<typeof createClientFrameSchema>,
): FrameRead => {
  if (isBinary) {
    const message = 'Cannot read the frame: it is binary; send JSON as text'
    return { isSubmission: false, frame: new RequestError('invalid-request', message) }
  }
  try {
    boundJson(bytes, 'the frame')
    const value = parseJson(decodeUtf8(bytes, 'the frame'))
    const ref = findText(value, 'ref')
    const jobId = findText(value, 'jobId')
    const named = { ...(ref === undefined ? {} : { ref }), ...(jobId === undefined ? {} : { jobId }) }
    const read = safeParse(schema, value)
    const isSubmission = findText(value, 'type') === 'submit'
    return { ...named, isSubmission, frame: read.success ? read.data : toInvalidRequest(read.error, 'the frame') }
  } catch (error) {
    if (error instanceof RequestError) return { isSubmission: false, frame: error }
    throw error
  }
}
