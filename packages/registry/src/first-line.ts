import { FIRST_LINE_CHARACTERS, type Program, toBytes } from '@runnel/contract/public'

const strictUtf8 = new TextDecoder('utf-8', { fatal: true })

/** Undefined if the bytes are no text. */
const toText = ({ encoding, content }: Program['files'][number]): string | undefined => {
  if (encoding === 'utf8') return content
  try {
    return strictUtf8.decode(toBytes({ encoding, data: content }))
  } catch {
    return undefined
  }
}

/** A first line that starts with #! says how to run the program, not what it does. */
const SHEBANG = /^\uFEFF?#![^\r\n]*/
/** Neither a space nor a control character. */
const CONTENT = /[^\s\p{Cc}]/u

/**
 * What people know a program by: the first line with content of the file that is run, without a shebang and without spaces
 * around it, with a space for each control character. Empty if the file is no text, or has no other line. It needs time in
 * proportion to the size of the file, whatever is in there.
 */
export const toFirstLine = ({ files, entry }: Pick<Program, 'files' | 'entry'>): string => {
  const file = files.find(({ path }) => path === entry)
  const text = (file === undefined ? undefined : toText(file))?.replace(SHEBANG, '') ?? ''
  const start = text.search(CONTENT)
  if (start === -1) return ''
  const [line = ''] = text.slice(start, start + FIRST_LINE_CHARACTERS * 2).split(/[\r\n]/, 1)
  // By characters, so that none is cut in half.
  return [...line.replaceAll(/\p{Cc}/gu, ' ')].slice(0, FIRST_LINE_CHARACTERS).join('').trimEnd()
}
