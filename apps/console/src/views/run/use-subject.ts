import { useState } from 'react'
import type { Draft } from './draft/draft.ts'
import { changeDraft, replaceDraft, useDraft } from './draft/draft-store.ts'
import { useWatchedProgram } from './use-watched-program.ts'

/** The program that is shown: what is typed here, or, of another run, what it ran. */
export interface Subject {
  /** undefined while it is loaded, or when it cannot be. */
  readonly draft: Draft | undefined
  /** It is a run's, and cannot be typed in. */
  readonly isWatched: boolean
  /** Variables of the watched run. Their values are not kept. */
  readonly envNames: readonly string[]
  /** So many lines of what was submitted came before the program: it was a chat answer. */
  readonly linesBefore: number
  readonly error: unknown
  readonly retry: () => void
  readonly change: (change: (draft: Draft) => Draft) => void
  /** Makes the watched program the one that is typed. What was typed is kept. */
  readonly takeCopy: () => Draft | undefined
}

export const useSubject = (jobId: string | undefined): Subject => {
  const own = useDraft()
  const isWatched = jobId !== undefined && jobId !== own.jobId
  const watched = useWatchedProgram(isWatched ? jobId : undefined)
  /** Of a watched program only this changes: which file is open. */
  const [openId, setOpenId] = useState<string>()
  if (!isWatched) {
    const nothing = { envNames: [], linesBefore: 0, error: undefined, retry: () => {}, takeCopy: () => undefined }
    return { ...nothing, draft: own, isWatched, change: changeDraft }
  }
  const { program, error, retry } = watched
  const isKnown = watched.draft?.files.some(({ id }) => id === openId) === true
  const draft = watched.draft && openId !== undefined && isKnown ? { ...watched.draft, openId } : watched.draft
  return {
    draft,
    isWatched,
    envNames: program?.envNames ?? [],
    linesBefore: (program?.extracted?.firstLine ?? 1) - 1,
    error,
    retry,
    change: (change) => {
      if (draft !== undefined) setOpenId(change(draft).openId)
    },
    takeCopy: () => {
      if (draft !== undefined) replaceDraft(draft)
      return draft
    },
  }
}
