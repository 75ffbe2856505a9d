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

const refuse = (whole: string, what: string): never => {
  throw new RequestError('invalid-request', `Cannot read ${whole}: it ${what}`)
}

/**
 * Throws if a JSON text has more values, or is nested deeper, than any that is valid here. Parsing and checking 8 MiB of small values
 * took 1.3 to 2.8 s, and nothing else was served in that time. This stops at the first value that is too many; a text that passes
 * costs about a millisecond for each megabyte. It finds no other mistake.
 */
export const boundJson = (text: Uint8Array, whole: string): void => {
  let isString = false
  let values = 0
  let depth = 0
  for (let at = 0; at < text.length; at += 1) {
    const byte = text[at]
    if (byte === undefined) return
    if (isString) {
      if (byte === BACKSLASH) at += 1
      else if (byte === QUOTE) isString = false
    } else if (byte === QUOTE) isString = true
    else if (byte === COMMA) values += 1
    else if (byte === LIST || byte === OBJECT) {
      values += 1
      depth += 1
      if (depth > DEPTH) refuse(whole, `is nested deeper than ${DEPTH} levels`)
    } else if (byte === LIST_END || byte === OBJECT_END) depth -= 1
    if (values > VALUES) {
      refuse(
        whole,
        `has more than ${VALUES} values; a program has at most ${PROGRAM.files} files, ${PROGRAM.args} args and ${PROGRAM.env} environment variables`,
      )
    }
  }
}
