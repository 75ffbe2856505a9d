import type { File } from '@runnel/contract/public'
import type { Language } from '@runnel/languages'

/** Some LF has no CR before it. */
const BARE_LF = /(?:^|[^\r])\n/

/** A file with only some CRLF is left alone: in it, a CR may be meant. */
const convert = (text: string, byteOrderMark: string): string => {
  const body = text.startsWith(byteOrderMark) ? text.slice(byteOrderMark.length) : text
  return BARE_LF.test(body) ? body : body.replaceAll('\r\n', '\n')
}

const convertFile = (file: File): File => {
  if (file.encoding === 'utf8') return { ...file, content: convert(file.content, '\uFEFF') }
  // One character for each byte, so that bytes which are not UTF-8 stay as they are.
  const bytes = Buffer.from(file.content, 'base64').toString('latin1')
  const content = Buffer.from(convert(bytes, '\u00EF\u00BB\u00BF'), 'latin1').toString('base64')
  return { ...file, content }
}

/**
 * The files of a program with the line ends that its interpreter can read. Python and Node read CRLF as one line end, also
 * inside strings, and skip a byte order mark. Bash does neither, so its scripts are changed: the entry, and every file with an
 * extension of the language, because the entry may source it. All other files are data and keep every byte.
 */
export const toUnixText = (files: readonly File[], entry: string, language: Language): File[] => {
  const isScript = ({ path }: File): boolean =>
    path === entry || language.extensions.some((extension) => path.toLowerCase().endsWith(extension))
  return files.map((file) => (language.needsUnixText && isScript(file) ? convertFile(file) : file))
}
