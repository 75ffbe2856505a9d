import type { Language } from './catalogue.ts'
import { hasJsx } from './parses-as.ts'

/** Where JSX can start: at the start of a line, or where a value is expected. Not in `'<p>'`. */
const ELEMENT_START = /(?:^|[(=>?:,&|[{;]|\breturn|\bdefault)[ \t]*<(?:[A-Za-z]|>)/m
const ELEMENT_END = /<\/|\/>/

/**
 * The file name that `code` gets: `main.jsx` if it is JavaScript with JSX, because the ending decides whether that is compiled.
 * Otherwise the name in the catalogue: `main.ts` is compiled where it has JSX, and only an interpreter for that name waits.
 * Code that cannot have JSX is not parsed, so it costs nothing.
 */
export const chooseFileName = ({ id, fileName }: Language, code: string): string => {
  if (id !== 'javascript') return fileName
  const mayHaveJsx = ELEMENT_START.test(code) && ELEMENT_END.test(code)
  return mayHaveJsx && hasJsx(id, code) ? `${fileName}x` : fileName
}
