import { type RefObject, useCallback, useEffect, useRef, useState } from 'react'

/** A page takes the focus while it loads, or soon after. */
const SETTLES_MS = 1_000

export interface KeptFocus {
  /** Whether the frame has the focus. */
  readonly hasFocus: boolean
  /** A page starts to load in the frame. */
  readonly noteStart: () => void
  readonly noteLoad: () => void
}

/**
 * A page in a frame may take the focus when it loads. Then the focus goes back to where it was, unless the person gave it away: by a
 * pointer that is over the frame, or by the Tab key.
 */
export const useKeepFocus = (frame: RefObject<HTMLIFrameElement | null>): KeptFocus => {
  const [hasFocus, setFocus] = useState(false)
  const settledAt = useRef(Number.POSITIVE_INFINITY)
  useEffect(() => {
    let before = document.activeElement
    let isTabbing = false
    const noteFocus = ({ target }: FocusEvent): void => {
      if (target === frame.current || !(target instanceof Element)) return
      before = target
      setFocus(false)
    }
    const noteKey = ({ key }: KeyboardEvent): void => {
      isTabbing = key === 'Tab'
    }
    /** Not in the event itself: Chromium would still send the keys to the frame, and never say again that it has the focus. */
    const giveBack = (): void => {
      if (before instanceof HTMLElement) before.focus({ preventScroll: true })
      // What had it may be gone, or may not take it.
      if (document.activeElement === frame.current) frame.current?.blur()
    }
    // Events of the frame stay in it: only this window says that it has lost the focus.
    const look = (): void => {
      if (frame.current === null || document.activeElement !== frame.current) return
      const isWanted = performance.now() > settledAt.current || isTabbing || frame.current.matches(':hover')
      isTabbing = false
      setFocus(isWanted)
      if (!isWanted) setTimeout(giveBack)
    }
    document.addEventListener('focusin', noteFocus)
    document.addEventListener('keydown', noteKey, true)
    window.addEventListener('blur', look)
    return () => {
      document.removeEventListener('focusin', noteFocus)
      document.removeEventListener('keydown', noteKey, true)
      window.removeEventListener('blur', look)
    }
  }, [frame])
  return {
    hasFocus,
    noteStart: useCallback(() => {
      settledAt.current = Number.POSITIVE_INFINITY
    }, []),
    noteLoad: useCallback(() => {
      settledAt.current = performance.now() + SETTLES_MS
    }, []),
  }
}
