import { type RefObject, useEffect, useState } from 'react'

/** That the pointer is over a frame of another process is known a moment after it has pressed there. */
const HOVER_MS = 50

/**
 * A page in a frame may take the focus when it loads. It gets it only from the person: by a pointer that is over the frame, or by the
 * Tab key. Otherwise the focus goes back to where it was. Returns whether the frame has it.
 */
export const useKeepFocus = (frame: RefObject<HTMLIFrameElement | null>): boolean => {
  const [hasFocus, setFocus] = useState(false)
  useEffect(() => {
    let before: HTMLElement | undefined
    let isTabbing = false
    const noteFocus = ({ target }: FocusEvent): void => {
      if (target instanceof HTMLElement && target !== frame.current) before = target
      if (target !== frame.current) setFocus(false)
    }
    const noteKey = ({ key }: KeyboardEvent): void => {
      isTabbing = key === 'Tab' || key === 'F6'
    }
    // Events of the frame stay in it: only what loses the focus tells.
    const look = (): void => {
      if (frame.current === null || document.activeElement !== frame.current) return
      if (isTabbing || frame.current.matches(':hover')) setFocus(true)
      else before?.focus({ preventScroll: true })
      isTabbing = false
    }
    const lookSoon = (): void => void setTimeout(look, HOVER_MS)
    if (document.activeElement instanceof HTMLElement) before = document.activeElement
    document.addEventListener('focusin', noteFocus)
    document.addEventListener('keydown', noteKey, true)
    document.addEventListener('focusout', lookSoon)
    window.addEventListener('blur', lookSoon)
    return () => {
      document.removeEventListener('focusin', noteFocus)
      document.removeEventListener('keydown', noteKey, true)
      document.removeEventListener('focusout', lookSoon)
      window.removeEventListener('blur', lookSoon)
    }
  }, [frame])
  return hasFocus
}
