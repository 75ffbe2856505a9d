import type { IBuffer } from '@xterm/xterm'
import { element, setText } from './element.ts'
import { readLines } from './screen-text.ts'

const MOST_LINES = 1_000
const EVERY_MS = 1_000

/**
 * The output as plain text, for screen readers and for reading. A terminal draws cells, which nobody can read aloud well.
 */
export interface TextView extends Disposable {
  readonly element: HTMLPreElement
  show(isShown: boolean): void
  /** Something was printed. */
  touch(): void
}

export const createTextView = (readBuffer: () => IBuffer | undefined): TextView => {
  const pre = element('pre', {
    class: 'runnel-text',
    tabindex: '0',
    role: 'region',
    'aria-label': 'Output as text',
    hidden: true,
  })
  let timer: ReturnType<typeof setTimeout> | undefined

  const draw = (): void => {
    timer = undefined
    const buffer = readBuffer()
    const lines = buffer === undefined ? [] : readLines(buffer, MOST_LINES + 1)
    const isCut = lines.length > MOST_LINES
    const note = isCut ? `The last ${MOST_LINES} lines:\n` : ''
    const isAtEnd = pre.scrollHeight - pre.scrollTop - pre.clientHeight < 40
    setText(pre, note + (lines.length === 0 ? 'Nothing was printed yet.' : lines.slice(-MOST_LINES).join('\n')))
    if (isAtEnd) pre.scrollTop = pre.scrollHeight
  }

  return {
    element: pre,
    show: (isShown) => {
      pre.hidden = !isShown
      if (isShown) draw()
    },
    touch: () => {
      if (pre.hidden) return
      timer ??= setTimeout(draw, EVERY_MS)
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  }
}
