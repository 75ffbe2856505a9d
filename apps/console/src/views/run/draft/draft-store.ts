import { useSyncExternalStore } from 'react'
import { createExample, type Draft } from './draft.ts'
import { readDraft } from './read-draft.ts'

const KEPT_AS = 'runnel.draft'
/** The draft that another one took the place of, so that it can be brought back. */
const EARLIER_AS = 'runnel.draft.earlier'
/** Typing is kept at the latest after this time. */
const SAVE_MS = 300

/** This tab's own copy comes first: two tabs have two programs. The other one is what a new tab begins with. */
const load = (): Draft => {
  for (const storage of ['sessionStorage', 'localStorage'] as const) {
    try {
      const draft = readDraft(window[storage].getItem(KEPT_AS))
      // A new tab has the program, but the run belongs to the tab that made it.
      if (draft !== undefined) return storage === 'sessionStorage' ? draft : { ...draft, jobId: undefined }
    } catch {
      // A browser may refuse storage.
    }
  }
  return createExample()
}

let draft = load()
let isKept = true
let timer: ReturnType<typeof setTimeout> | undefined
const listeners = new Set<() => void>()

const tell = (): void => {
  for (const listener of [...listeners]) listener()
}

const save = (): void => {
  clearTimeout(timer)
  timer = undefined
  const wasKept = isKept
  try {
    const text = JSON.stringify(draft)
    sessionStorage.setItem(KEPT_AS, text)
    localStorage.setItem(KEPT_AS, text)
    isKept = true
  } catch {
    isKept = false
  }
  if (wasKept !== isKept) tell()
}

// A page that is left has no more time for timers.
window.addEventListener('pagehide', save)
document.addEventListener('visibilitychange', () => {
  if (document.hidden) save()
})

export const readCurrentDraft = (): Draft => draft

/** Changes what is typed. It is kept through a reload. */
export const changeDraft = (change: (draft: Draft) => Draft): void => {
  const next = change(draft)
  if (next === draft) return
  draft = next
  timer ??= setTimeout(save, SAVE_MS)
  tell()
}

/** Another program takes the place of this one, which can be brought back. */
export const replaceDraft = (next: Draft): void => {
  try {
    localStorage.setItem(EARLIER_AS, JSON.stringify(draft))
  } catch {
    // Then it cannot be brought back; the page does not offer it.
  }
  draft = next
  save()
  tell()
}

/** The program that the last replacement took away. */
export const readEarlierDraft = (): Draft | undefined => {
  try {
    return readDraft(localStorage.getItem(EARLIER_AS))
  } catch {
    return undefined
  }
}

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export const useDraft = (): Draft => useSyncExternalStore(subscribe, () => draft)

/** false: the browser keeps nothing, so a reload loses what is typed. */
export const useIsDraftKept = (): boolean => useSyncExternalStore(subscribe, () => isKept)
