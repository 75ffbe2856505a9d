/** A place in the program that its output names. */
export interface Place {
  /** Relative to the workspace. */
  readonly file: string
  /** Counted from 1. */
  readonly line: number
  /** Where it stands in the line of output. */
  readonly start: number
  readonly end: number
}

/**
 * How traces name a place:
 *
 *   Python       File "/workspace/main.py", line 7
 *   Node         at run (/workspace/main.js:3:9), and file:///workspace/main.mjs:3 above a syntax error
 *   Bash         main.sh: line 4:
 *
 * Names without /workspace are no places of the program, but of an interpreter. Bash names its script as it was called.
 */
const FORMS = [
  /File "\/workspace\/(?<file>[^"]+)", line (?<line>\d+)/g,
  /(?:file:\/\/)?\/workspace\/(?<file>[^\s:()"']+):(?<line>\d+)(?::\d+)?/g,
  /^(?:\/workspace\/)?(?<file>[\w./-]+\.(?:sh|bash)): line (?<line>\d+):/g,
] as const

/** The places that a line of output names, in their order. */
export const findPlacesInLine = (text: string): Place[] =>
  FORMS.flatMap((form) =>
    [...text.matchAll(form)].flatMap(({ 0: found, index, groups }) => {
      const { file, line } = groups ?? {}
      return file === undefined || line === undefined
        ? []
        : [{ file, line: Number(line), start: index, end: index + found.length }]
    }),
  ).toSorted((one, other) => one.start - other.start)

/** So much of the end of the output is searched. */
const SEARCHED_CHARACTERS = 256 * 1024

/** The places that the end of an output names, each once, in their order. */
export const findPlaces = (output: string): Place[] => {
  const seen = new Set<string>()
  return output
    .slice(-SEARCHED_CHARACTERS)
    .split('\n')
    .flatMap(findPlacesInLine)
    .filter(({ file, line }) => {
      const name = `${file}:${line}`
      if (seen.has(name)) return false
      seen.add(name)
      return true
    })
}
