import type { FencedBlock } from '@runnel/languages/detection'

/** A program in a chat answer. */
export interface FoundProgram {
  readonly content: string
  /** Its language, if the fence says one that can be run. */
  readonly language: string | undefined
  /** In words: "Python" or "a program". */
  readonly name: string
  readonly firstLine: number
  readonly lastLine: number
}

const NAMES: Readonly<Record<string, string>> = {
  python: 'Python',
  javascript: 'JavaScript',
  typescript: 'TypeScript',
  bash: 'Bash',
  html: 'HTML',
}

/** Whether a text may be a chat answer: it is cheap, and what it says no to is none. */
export const mayBeAnswer = (text: string): boolean => /```|~~~/.test(text)

/**
 * The programs in a chat answer, in their order; none if the text is a program as it stands. Output and commands to type
 * are left out where there is a program.
 */
export const findPrograms = async (text: string): Promise<readonly FoundProgram[]> => {
  const { findBlocksToRun, readInfo } = await import('../detection-chunk.ts')
  const toProgram = ({ content, info, firstLine, lastLine }: FencedBlock): FoundProgram[] => {
    const kind = readInfo(info)
    if (content.trim() === '' || kind.type === 'markdown') return []
    const language = kind.type === 'program' ? kind.language : kind.type === 'html' ? 'html' : undefined
    if (language === undefined && kind.type !== 'nothing') return []
    return [{ content, language, name: NAMES[language ?? ''] ?? 'unnamed', firstLine, lastLine }]
  }
  return findBlocksToRun(text, undefined).flatMap(toProgram)
}
