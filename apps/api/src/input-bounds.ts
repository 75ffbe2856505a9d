import { PROGRAM, RequestError } from '@runnel/contract/public'

/**
 * The largest submission, in bytes of JSON. It has at most this much text, and JSON writes a byte of text as one to six bytes. Three
 * is what libraries need that escape everything outside of ASCII (`é` as `\u00e9`). It is also enough for source of the allowed size
 * in which every byte becomes six (`\u001b`).
 */
export const SUBMISSION_BYTES = 3 * (PROGRAM.sourceBytes + PROGRAM.stdinBytes + PROGRAM.argsAndEnvBytes)

/** What every other URL takes: a few names and numbers. */
export const BODY_BYTES = 64 * 1024

/** The other fields of a submission, and of the frame around it. */
const OTHER_VALUES = 64
/** The values in a submission: of each file itself and its three fields, of each argument and variable. */
const VALUES = 4 * PROGRAM.files + PROGRAM.args + PROGRAM.env + OTHER_VALUES
/** A frame has a job, that has files, that are objects: four. */
const DEPTH = 8

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c]
const [LIST, LIST_END, OBJECT, OBJECT_END] = [0x5b, 0x5d, 0x7b, 0x7d]

const tooManyValues = (whole: string): RequestError =>
  new RequestError(
    'invalid-request',
    `Cannot read ${whole}: it has more than ${VALUES} values; a program has at most ${PROGRAM.files} files, ${PROGRAM.args} args and ${PROGRAM.env} environment variables`,
  )

const tooDeep = (whole: string): RequestError =>
  new RequestError('invalid-request', `Cannot read ${whole}: it is nested deeper than ${DEPTH} levels`)

/**
 * Finds out whether a JSON text has more values, or is nested deeper, than any that is valid here. Parsing and checking 8 MiB of small
 * values took 1.3 to 2.8 s, and nothing else was served in that time. This stops at the first value that is too many; a text that passes
 * costs about a millisecond for each megabyte. It finds no other mistake. The text may come in pieces.
 */
export const createJsonBound = (whole: string): { readonly read: (text: Uint8Array) => RequestError | undefined } => {
  let isString = false
  let isEscaped = false
  let values = 0
  let depth = 0
  return {
    read(text) {
      for (const byte of text) {
        if (isEscaped) isEscaped = false
        else if (isString) {
          if (byte === BACKSLASH) isEscaped = true
          else if (byte === QUOTE) isString = false
        } else if (byte === QUOTE) isString = true
        else if (byte === COMMA) values += 1
        else if (byte === LIST || byte === OBJECT) {
          values += 1
          depth += 1
          if (depth > DEPTH) return tooDeep(whole)
        } else if (byte === LIST_END || byte === OBJECT_END) depth -= 1
        if (values > VALUES) return tooManyValues(whole)
      }
      return undefined
    },
  }
}

/** For a whole text: throws. */
export const boundJson = (text: Uint8Array, whole: string): void => {
  const fault = createJsonBound(whole).read(text)
  if (fault !== undefined) throw fault
}
