import { toCaretNotation } from './caret-notation.ts'
import { button, element } from './element.ts'
import { createLineField, type LineField, placeAtCursor } from './line-field.ts'
import type { Screen } from './screen.ts'
import { createEscapeCounter, isMac, readScreenKey } from './terminal-keys.ts'
import { type Key, readLineKey } from './typed-line.ts'

export interface TypingActs {
  /** To the program, as it is. */
  readonly send: (text: string) => void
  readonly endInput: () => void
  readonly interrupt: () => void
  /** Somebody types, and nobody reads it. */
  readonly refused: () => void
  readonly find: () => void
  readonly left: () => void
  readonly isPageKey: (event: KeyboardEvent) => boolean
}

/**
 *   nobody     no program reads input now
 *   line       a program without a terminal: whole lines, edited here and echoed here
 *   terminal   a program with a terminal: each key goes to it, and it echoes
 */
export type Reader = 'nobody' | 'line' | 'terminal'

export interface Typing extends Disposable {
  /** What stands below the screen: the field of a phone. */
  readonly form: HTMLFormElement
  setReader(reader: Reader): void
  focus(): void
}

const isTyped = ({ key, ctrlKey, metaKey, altKey }: Key): boolean =>
  (key.length === 1 || key === 'Enter' || key === 'Backspace') && !ctrlKey && !metaKey && !altKey

/** All ways to give a program input: keys on the screen, a line at its cursor, and a field below it. */
export const createTyping = (
  screen: Screen,
  frame: HTMLElement,
  pane: HTMLElement,
  way: 'keys' | 'field',
  acts: TypingActs,
): Typing => {
  const { xterm } = screen
  const onMac = isMac()
  const isLeaving = createEscapeCounter()
  let reader: Reader = 'nobody'

  const sendLine = (text: string, end: string): void => {
    const isEcho = reader === 'line'
    if (isEcho) void screen.write(toCaretNotation(text) + (end === '' ? '' : '\r\n'))
    acts.send(text + (end !== '' && !isEcho ? '\r' : end))
  }
  const hasSelection = (): boolean => xterm.hasSelection()
  const lineActs = {
    line: (text: string) => sendLine(text, '\n'),
    part: (text: string) => sendLine(text, ''),
    interrupt: acts.interrupt,
    end: acts.endInput,
    hasSelection,
  }
  const atCursor: LineField = createLineField(lineActs)
  atCursor.input.placeholder = 'Type here for the program'
  atCursor.input.hidden = true
  frame.append(atCursor.input)

  const below = createLineField(lineActs)
  below.input.placeholder = 'Input for the program'
  const send = element('button', { type: 'submit', class: 'runnel-button' }, 'Send')
  const form = element(
    'form',
    { class: 'runnel-field', hidden: true },
    below.input,
    button('^C', 'Interrupt the program', acts.interrupt),
    button('^D', 'End the input', acts.endInput),
    send,
  )
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    below.submit()
  })

  const place = (): void => {
    if (reader === 'line' && way === 'keys') placeAtCursor(atCursor.input, xterm, screen.fitting.cell)
  }
  const placing = xterm.onRender(place)

  const focus = (): void => {
    if (way === 'field' && reader !== 'nobody') below.input.focus({ preventScroll: true })
    else if (reader === 'line') atCursor.input.focus({ preventScroll: true })
    else xterm.focus()
  }

  /** Keys on the screen while no terminal reads them. */
  const onLineKey = (event: KeyboardEvent): void => {
    const act = readLineKey(event, hasSelection())
    if (reader === 'nobody') {
      if (isTyped(event) || act === 'interrupt' || act === 'end') acts.refused()
      return
    }
    if (act === 'interrupt') acts.interrupt()
    else if (act === 'end') acts.endInput()
    else if (isTyped(event) || (event.key.toLowerCase() === 'v' && (event.ctrlKey || event.metaKey))) {
      xterm.scrollToBottom()
      // The character or the paste of this key then goes to the field.
      focus()
    }
  }
  /** Whether xterm shall have the key. */
  const onKey = (event: KeyboardEvent): boolean => {
    if (event.type !== 'keydown') return reader === 'terminal'
    if (acts.isPageKey(event)) return false
    const use = readScreenKey(event, { hasSelection: hasSelection(), onMac })
    if (use === 'find') {
      event.preventDefault()
      acts.find()
    }
    if (use !== 'program') return false
    if (event.shiftKey && /^Page(Up|Down)$|^Home$|^End$/.test(event.key)) return true
    if (reader !== 'terminal') {
      onLineKey(event)
      return false
    }
    if (isLeaving(event.key, xterm.buffer.active.type === 'alternate')) queueMicrotask(acts.left)
    return true
  }
  xterm.attachCustomKeyEventHandler(onKey)
  const data = xterm.onData((text) => {
    if (reader === 'terminal') acts.send(text)
  })
  // Positions of the mouse in the old encoding are bytes; those that are ASCII are the same as text.
  const binary = xterm.onBinary((text) => {
    if (reader === 'terminal' && /^\p{ASCII}*$/u.test(text)) acts.send(text)
  })

  const onClick = (): void => {
    if (!hasSelection()) focus()
  }
  // What was copied is no longer selected, so the next Ctrl+C interrupts.
  const onCopy = (): void => {
    setTimeout(() => xterm.clearSelection())
  }
  pane.addEventListener('click', onClick)
  pane.addEventListener('copy', onCopy)

  return {
    form,
    setReader: (given) => {
      if (given === reader) return
      const { activeElement } = document
      const hadFocus = activeElement === atCursor.input || (activeElement !== null && activeElement === xterm.textarea)
      reader = given
      atCursor.input.hidden = way === 'field' || reader !== 'line'
      form.hidden = way === 'keys' || reader === 'nobody'
      if (xterm.textarea !== undefined) {
        xterm.textarea.tabIndex = reader === 'terminal' ? 0 : -1
        xterm.textarea.readOnly = reader !== 'terminal' || way === 'field'
      }
      place()
      if (hadFocus && way === 'keys') focus()
    },
    focus,
    [Symbol.dispose]: () => {
      placing.dispose()
      data.dispose()
      binary.dispose()
      pane.removeEventListener('click', onClick)
      pane.removeEventListener('copy', onCopy)
    },
  }
}
