import type { Key } from './typed-line.ts'

/**
 * What a key means on the screen, before xterm sees it:
 *
 *   program  xterm's business: the program gets it, if it runs on a terminal
 *   copy     the browser copies the selection
 *   find     opens the search
 *   page     the page around the terminal has a use for it
 */
export type KeyUse = 'program' | 'copy' | 'find' | 'page'

export const isMac = (): boolean => /Mac|iPhone|iPad/.test(navigator.platform)

/** F6 moves between panes; Ctrl or ⌘ with Enter, . or ` run, stop and come back. */
const PAGE_WITH_CTRL: readonly string[] = ['Enter', '.', '`']

export const readScreenKey = (
  { key, ctrlKey, metaKey, shiftKey }: Key,
  { hasSelection, onMac }: { readonly hasSelection: boolean; readonly onMac: boolean },
): KeyUse => {
  const withMod = onMac ? metaKey : ctrlKey
  const isC = key.toLowerCase() === 'c'
  if (isC && withMod && (hasSelection || shiftKey || onMac)) return 'copy'
  if (key.toLowerCase() === 'f' && (ctrlKey || metaKey) && shiftKey) return 'find'
  if (key === 'F6' || (withMod && PAGE_WITH_CTRL.includes(key))) return 'page'
  return 'program'
}

/** Two presses of Esc are one act if no more time than this is between them. */
const TOGETHER_MS = 500

/**
 * Tab is the program's, so a keyboard needs another way out: Esc twice. Programs that fill the screen, such as editors, use
 * Esc themselves: three times there. The program gets each Esc as well. Answers whether to leave.
 */
export const createEscapeCounter = (now: () => number = () => performance.now()) => {
  let count = 0
  let lastAt = Number.NEGATIVE_INFINITY
  return (key: string, fillsScreen: boolean): boolean => {
    if (key !== 'Escape') {
      count = 0
      return false
    }
    const at = now()
    count = at - lastAt <= TOGETHER_MS ? count + 1 : 1
    lastAt = at
    if (count < (fillsScreen ? 3 : 2)) return false
    count = 0
    return true
  }
}
