import { type RefObject, useEffect, useState } from 'react'

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
    // A frame that gets the focus is the only thing that tells: its own events stay in it.
    const look = (): void => {
      if (frame.current === null || document.activeElement !== frame.current) return
      if (isTabbing || frame.current.matches(':hover')) setFocus(true)
      else before?.focus({ preventScroll: true })
      isTabbing = false
    }
    const lookSoon = (): void => void setTimeout(look)
    if (document.activeElement instanceof HTMLElement) before = document.activeElement
    document.addEventListener('focusin', noteFocus)
    document.addEventListener('keydown', noteKey, true)
    window.addEventListener('blur', lookSoon)
    return () => {
      document.removeEventListener('focusin', noteFocus)
      document.removeEventListener('keydown', noteKey, true)
      window.removeEventListener('blur', lookSoon)
    }
  }, [frame])
  return hasFocus
}
