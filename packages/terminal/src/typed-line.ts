/**
 * The line that a person types for a program without a terminal. A text field holds it, so the browser does the editing;
 * this file says what the keys of a terminal mean in it, without touching the page.
 */

export interface Key {
  readonly key: string
  readonly ctrlKey: boolean
  readonly metaKey: boolean
  readonly altKey: boolean
  readonly shiftKey: boolean
  /** An input method is composing: its Enter only ends the composition. */
  readonly isComposing: boolean
}

/**
 *   send          the line and its end
 *   interrupt     SIGINT, and the line is dropped
 *   end           ^D: the end of input, or what is typed so far without a line end
 *   older, newer  lines that were sent before
 *   kill-before, kill-after   delete from the caret to the start, or to the end
 *   undefined     the browser's business
 */
export type LineAct = 'send' | 'interrupt' | 'end' | 'older' | 'newer' | 'kill-before' | 'kill-after'

/** With Ctrl. Ctrl+W and Ctrl+N are the browser's and never arrive. */
const WITH_CTRL: Readonly<Record<string, LineAct>> = {
  c: 'interrupt',
  d: 'end',
  u: 'kill-before',
  k: 'kill-after',
}
const ALONE: Readonly<Record<string, LineAct>> = { Enter: 'send', ArrowUp: 'older', ArrowDown: 'newer' }

/** `hasSelection`: text is selected, in the field or on the screen. Then Ctrl+C copies it. */
export const readLineKey = (
  { key, ctrlKey, metaKey, altKey, shiftKey, isComposing }: Key,
  hasSelection: boolean,
): LineAct | undefined => {
  if (isComposing || metaKey || altKey || shiftKey) return undefined
  if (!ctrlKey) return ALONE[key]
  const act = WITH_CTRL[key.toLowerCase()]
  return act === 'interrupt' && hasSelection ? undefined : act
}

/** Pasted text becomes whole lines, which are sent at once, and a rest, which stays in the field. */
export const splitPaste = (
  before: string,
  pasted: string,
  after: string,
): { readonly lines: readonly string[]; readonly rest: string; readonly caret: number } => {
  const parts = (before + pasted).split(/\r\n|\r|\n/)
  const last = parts.pop() ?? ''
  return { lines: parts, rest: last + after, caret: last.length }
}

const REMEMBERED = 100

/** The lines that were sent. `current` is kept while older ones are looked at. */
export interface LineHistory {
  add(line: string): void
  /** undefined if there is none. */
  older(current: string): string | undefined
  newer(): string | undefined
}

export const createLineHistory = (): LineHistory => {
  const lines: string[] = []
  let at = 0
  let unsent = ''
  return {
    add: (line) => {
      if (line !== '' && lines.at(-1) !== line) lines.push(line)
      if (lines.length > REMEMBERED) lines.shift()
      at = lines.length
    },
    older: (current) => {
      if (at === 0) return undefined
      if (at === lines.length) unsent = current
      at -= 1
      return lines[at]
    },
    newer: () => {
      if (at === lines.length) return undefined
      at += 1
      return at === lines.length ? unsent : lines[at]
    },
  }
}
