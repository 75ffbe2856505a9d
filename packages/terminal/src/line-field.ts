import type { Terminal } from '@xterm/xterm'
import { element } from './element.ts'
import type { Cell } from './fit.ts'
import { createLineHistory, readLineKey, splitPaste } from './typed-line.ts'

export interface LineActs {
  /** A whole line was typed. */
  readonly line: (text: string) => void
  /** What is typed so far goes to the program without a line end. */
  readonly part: (text: string) => void
  readonly end: () => void
  readonly interrupt: () => void
  /** Text is selected on the screen, so Ctrl+C copies it. */
  readonly hasSelection: () => boolean
}

export interface LineField {
  readonly input: HTMLInputElement
  /** Sends what is typed, as Enter does. */
  submit(): void
}

/**
 * The line that a person types, in a real text field: the browser edits it, with every input method, on every phone.
 * Lines that are pasted are sent one by one; the last one stays in the field.
 */
export const createLineField = (acts: LineActs): LineField => {
  const input = element('input', {
    class: 'runnel-line',
    type: 'text',
    'aria-label': 'Input for the program',
    autocapitalize: 'off',
    autocomplete: 'off',
    autocorrect: 'off',
    enterkeyhint: 'send',
    spellcheck: 'false',
  })
  const history = createLineHistory()

  const take = (): string => {
    const text = input.value
    input.value = ''
    return text
  }
  const replace = (text: string | undefined): void => {
    if (text === undefined) return
    input.value = text
    input.setSelectionRange(text.length, text.length)
  }
  const submit = (): void => {
    const text = take()
    history.add(text)
    acts.line(text)
  }
  const act = {
    send: submit,
    interrupt: () => {
      input.value = ''
      acts.interrupt()
    },
    end: () => {
      const text = take()
      if (text === '') acts.end()
      else acts.part(text)
    },
    older: () => replace(history.older(input.value)),
    newer: () => replace(history.newer()),
    'kill-before': () => input.setRangeText('', 0, input.selectionStart ?? 0, 'start'),
    'kill-after': () => input.setRangeText('', input.selectionStart ?? 0, input.value.length, 'start'),
  }

  input.addEventListener('keydown', (event) => {
    const hasOwnSelection = input.selectionStart !== input.selectionEnd
    const meaning = readLineKey(event, hasOwnSelection || acts.hasSelection())
    if (meaning === undefined) return
    event.preventDefault()
    act[meaning]()
  })
  input.addEventListener('paste', (event) => {
    const pasted = event.clipboardData?.getData('text') ?? ''
    if (!/[\r\n]/.test(pasted)) return
    event.preventDefault()
    const from = input.selectionStart ?? input.value.length
    const to = input.selectionEnd ?? from
    const { lines, rest, caret } = splitPaste(input.value.slice(0, from), pasted, input.value.slice(to))
    for (const line of lines) acts.line(line)
    input.value = rest
    input.setSelectionRange(caret, caret)
  })
  return { input, submit }
}

/** With less room than this after the prompt, the field takes the next row. In cells. */
const LEAST_ROOM = 16

/** Puts the field where the cursor of the terminal is, so that a typed line stands behind its prompt. */
export const placeAtCursor = (input: HTMLElement, xterm: Terminal, cell: Cell): void => {
  const { active } = xterm.buffer
  const isScrolledAway = active.viewportY !== active.baseY
  const isCramped = xterm.cols - active.cursorX < LEAST_ROOM
  const column = isCramped ? 0 : active.cursorX
  const row = Math.min(active.cursorY + (isCramped ? 1 : 0), xterm.rows - 1)
  const left = `${cell.left + column * cell.width}px`
  const top = `${cell.top + row * cell.height}px`
  input.classList.toggle('runnel-away', isScrolledAway)
  if (input.style.left === left && input.style.top === top) return
  Object.assign(input.style, {
    left,
    top,
    width: `${(xterm.cols - column) * cell.width}px`,
    height: `${cell.height}px`,
    font: `${xterm.options.fontSize}px/${cell.height}px ${xterm.options.fontFamily}`,
  })
}
