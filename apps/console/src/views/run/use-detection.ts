import { useEffect } from 'react'
import { type Draft, entryOf, isExample } from './draft/draft.ts'
import { changeDraft } from './draft/draft-store.ts'

/** Detection waits until typing rests. */
const REST_MS = 250

/** Detects the language of the program while it is typed, unless somebody chose one. */
export const useDetection = (draft: Draft | undefined, isWatched: boolean): void => {
  const entry = draft === undefined ? undefined : entryOf(draft)
  const content = entry?.content
  const path = draft?.isNameAutomatic === true ? undefined : entry?.path
  const isKnown = draft === undefined || isWatched || draft.language !== undefined || isExample(draft)
  useEffect(() => {
    if (isKnown || content === undefined) return
    let isCurrent = true
    const timer = setTimeout(async () => {
      const { detectLanguage } = await import('./detection-chunk.ts')
      if (!isCurrent) return
      const detected = detectLanguage({ content, ...(path === undefined ? {} : { entry: path }) })
      changeDraft((now) => (now.detected === detected ? now : { ...now, detected }))
    }, REST_MS)
    return () => {
      isCurrent = false
      clearTimeout(timer)
    }
  }, [isKnown, content, path])
}
