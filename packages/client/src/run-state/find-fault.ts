/** Where a program failed, as its own last words say. */
export interface Fault {
  /** For example `ZeroDivisionError`; undefined if there is only a line. */
  readonly name: string | undefined
  /** Relative to the workspace. */
  readonly file: string
  /** Counted from 1. */
  readonly line: number
}

interface Dialect {
  /** The lines of a trace that name a place: file, then line. */
  readonly place: RegExp
  /** Which of them is the program's own: the innermost is the last in Python, the first in JavaScript. */
  readonly takes: 'first' | 'last'
  readonly name: RegExp
}

const PYTHON: Dialect = {
  place: /^\s+File "\/workspace\/([^"]+)", line (\d+)/gm,
  takes: 'last',
  name: /^([A-Za-z_][\w.]*)(?::.*)?$/gm,
}
const JAVASCRIPT: Dialect = {
  place: /^\s+at (?:.*[( ])?(?:file:\/\/)?\/workspace\/([^\s:()]+):(\d+):\d+\)?$/gm,
  takes: 'first',
  // A message may have lines of its own, so not every word at the start of a line is a name.
  name: /^(?:Uncaught )?([\w$]*(?:Error|Exception))(?: \[[^\]]*\])?(?::.*)?$/gm,
}
/** A syntax error in JavaScript: the trace is of Node's loader only, and the place stands above it. */
const JAVASCRIPT_SYNTAX: Dialect = {
  place: /^(?:file:\/\/)?\/workspace\/([^\s:]+):(\d+)$/gm,
  takes: 'last',
  name: /^(SyntaxError)(?::.*)?$/gm,
}
const SHELL: Dialect = { place: /^(?:\/workspace\/)?([\w./-]+): line (\d+): /gm, takes: 'last', name: /^\b$/g }

const DIALECTS: readonly Dialect[] = [PYTHON, JAVASCRIPT, JAVASCRIPT_SYNTAX, SHELL]

const findBy = ({ place, takes, name }: Dialect, text: string): Fault | undefined => {
  const places = [...text.matchAll(place)]
  const found = takes === 'first' ? places[0] : places.at(-1)
  const [, file, line] = found ?? []
  if (found === undefined || file === undefined || line === undefined) return undefined
  const names = [...text.matchAll(name)]
  // Python names the error below the places, JavaScript above the first.
  const isNear = ({ index }: RegExpMatchArray): boolean =>
    takes === 'first' ? (index ?? 0) < found.index : (index ?? 0) > found.index
  const near = takes === 'first' ? names.filter(isNear).at(-1) : names.find(isNear)
  return { name: near?.[1], file, line: Number(line) }
}

/** What colours a trace: Python does so on a terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
const ESCAPES = /\x1b\[[0-9;:]*[A-Za-z]/g

/** Reads the end of what a program wrote: a trace of Python, JavaScript or TypeScript, or a message of a shell. */
export const findFault = (text: string): Fault | undefined => {
  const plain = text.replace(ESCAPES, '').replaceAll('\r\n', '\n')
  for (const dialect of DIALECTS) {
    const fault = findBy(dialect, plain)
    if (fault !== undefined) return fault
  }
  return undefined
}
