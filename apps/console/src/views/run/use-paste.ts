import { useRef } from 'react'
import { type Draft, EXAMPLE, entryOf, isExample, withContent } from './draft/draft.ts'
import { changeDraft, readCurrentDraft } from './draft/draft-store.ts'
import type { Notice } from './notice-bar.tsx'
import { type FoundProgram, findPrograms, mayBeAnswer } from './paste/take-program.ts'

/** So many programs of an answer are offered. */
const OFFERED = 4

const nameLines = ({ firstLine, lastLine }: FoundProgram): string =>
  firstLine === lastLine ? `line ${firstLine}` : `lines ${firstLine} to ${lastLine}`

const setProgram =
  (content: string, language: string | undefined) =>
  (draft: Draft): Draft => ({
    ...withContent(draft, entryOf(draft).id, content),
    // A fence that names a language is of more weight than what was chosen for the program before.
    language: language === undefined ? draft.language : undefined,
    detected: language ?? draft.detected,
  })

/**
 * What a paste becomes. It takes the place of the example, which nobody typed. Of a chat answer its program is taken, and what
 * was pasted can be had back; with several programs in it, one is chosen. Everything else is the editor's.
 */
export const usePaste = (say: (notice: Notice) => void): ((text: string, isWhole: boolean) => boolean) => {
  const turn = useRef(0)

  const take = (text: string, found: FoundProgram): void => {
    const { name } = found
    changeDraft(setProgram(found.content, found.language))
    const what = name === 'unnamed' ? 'The program' : `The ${name} program`
    say({
      sentence: `${what} was taken out of the pasted answer: its ${nameLines(found)}.`,
      actions: [{ label: 'Keep all of it', act: () => changeDraft(setProgram(text, undefined)) }],
    })
  }
  const offer = (text: string, programs: readonly FoundProgram[]): void => {
    const actions = programs.slice(0, OFFERED).map((program) => ({
      label: `${program.name === 'unnamed' ? 'Program' : program.name}, ${nameLines(program)}`,
      act: () => take(text, program),
    }))
    say({ sentence: `The pasted answer has ${programs.length} programs. Which one should run?`, actions })
  }
  const read = async (text: string, mine: number): Promise<void> => {
    const programs = await findPrograms(text)
    // Typed on meanwhile, or pasted again.
    if (mine !== turn.current || entryOf(readCurrentDraft()).content !== text) return
    const [first] = programs
    if (first === undefined) return
    if (programs.length === 1) take(text, first)
    else offer(text, programs)
  }

  return (pasted, isWhole) => {
    if (readCurrentDraft().files.length > 1) return false
    const text = pasted.replaceAll('\r\n', '\n')
    const isOverExample = isExample(readCurrentDraft()) && text.includes('\n')
    if (!isWhole && !isOverExample) return false
    if (!isOverExample && !mayBeAnswer(text)) return false
    turn.current += 1
    changeDraft(setProgram(text, undefined))
    if (mayBeAnswer(text)) void read(text, turn.current)
    else {
      say({
        sentence: 'What you pasted took the place of the example.',
        actions: [{ label: 'Undo', act: () => changeDraft(setProgram(EXAMPLE, 'python')) }],
      })
    }
    return true
  }
}
