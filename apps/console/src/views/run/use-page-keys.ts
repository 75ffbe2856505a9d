import { useEffect, useRef } from 'react'
import { isMac } from '../../shell/keys.ts'

export type PageAct =
  | 'run'
  | 'stop'
  | 'share'
  | 'next-pane'
  | 'pane-before'
  | 'terminal'
  | 'input'
  | 'next-error'
  | 'error-before'

/** What a key does on the page; undefined: nothing. */
export const readPageKey = (
  event: Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'>,
  onMac: boolean,
): PageAct | undefined => {
  const { key, code, shiftKey, altKey } = event
  const withMod = onMac ? event.metaKey : event.ctrlKey
  const isPlain = !event.ctrlKey && !event.metaKey && !altKey
  if (key === 'Enter' && !altKey && (withMod || (isPlain && shiftKey))) return 'run'
  if (withMod && !altKey && !shiftKey) {
    if (key === '.') return 'stop'
    if (key.toLowerCase() === 's') return 'share'
    if (key === '`') return 'terminal'
  }
  if (key === 'F6' && isPlain) return shiftKey ? 'pane-before' : 'next-pane'
  if (key === 'F8' && isPlain) return shiftKey ? 'error-before' : 'next-error'
  // Option types letters on a Mac, so it is the place of the key that counts.
  if (altKey && !withMod && code === 'KeyI') return 'input'
  return undefined
}

/** The keys that work wherever the focus is, before any field sees them. Not while a dialog is open. */
export const usePageKeys = (act: (what: PageAct) => void): void => {
  const latest = useRef(act)
  useEffect(() => {
    latest.current = act
  })
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const what = readPageKey(event, isMac)
      if (what === undefined || document.querySelector('dialog[open]') !== null) return
      event.preventDefault()
      event.stopPropagation()
      latest.current(what)
    }
    window.addEventListener('keydown', onKey, { capture: true })
    return () => window.removeEventListener('keydown', onKey, { capture: true })
  }, [])
}
