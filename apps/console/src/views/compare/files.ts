import type { JobProgram, ProgramFile } from '@runnel/client'

/** A file of the two programs. `undefined`: this side does not have it. */
export interface FilePair {
  readonly name: string
  readonly a: string | undefined
  readonly b: string | undefined
}

const toText = ({ content, encoding }: ProgramFile): string => {
  if (encoding !== 'base64') return content
  const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0))
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return `(${bytes.length} bytes that are no text)`
  }
}

const toFiles = (program: JobProgram | undefined): ReadonlyMap<string, string> => {
  if (program === undefined) return new Map()
  if (program.code !== undefined) return new Map([[program.entry, program.code]])
  return new Map((program.files ?? []).map((file) => [file.path, toText(file)]))
}

/**
 * The files of two programs side by side: the changed ones first, and the entry before all. Two programs of one file each are
 * compared with each other, whatever their names: `main.py` and `main.js` are two answers to one question.
 */
export const toFilePairs = (a: JobProgram | undefined, b: JobProgram | undefined): readonly FilePair[] => {
  const [left, right] = [toFiles(a), toFiles(b)]
  const [onlyLeft, onlyRight] = [[...left], [...right]]
  if (onlyLeft.length === 1 && onlyRight.length === 1 && onlyLeft[0] && onlyRight[0]) {
    const [[nameA, textA], [nameB, textB]] = [onlyLeft[0], onlyRight[0]]
    return [{ name: nameA === nameB ? nameA : `${nameA} → ${nameB}`, a: textA, b: textB }]
  }
  const names = [...new Set([...left.keys(), ...right.keys()])].toSorted()
  const pairs = names.map((name) => ({ name, a: left.get(name), b: right.get(name) }))
  const rank = ({ name, a: one, b: other }: FilePair): number => {
    if (name === a?.entry || name === b?.entry) return 0
    return one === other ? 2 : 1
  }
  return pairs.toSorted((one, other) => rank(one) - rank(other))
}
