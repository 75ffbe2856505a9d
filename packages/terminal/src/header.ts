import type { RunWords } from '@runnel/client/run-state'
import { button, element, setText } from './element.ts'

export interface HeaderActs {
  readonly stop: () => void
  /** Tries the lost connection again now. */
  readonly retry: () => void
  readonly find: () => void
  readonly copy: () => void
  readonly showText: (isShown: boolean) => void
}

export interface Header {
  readonly element: HTMLElement
  show(words: RunWords, canStop: boolean): void
  /** The title that the program gave its terminal: text beside the state. */
  title(text: string): void
  textShown(isShown: boolean): void
}

/** The state in words, and buttons. Stop has a place of its own, at the end, and is never where Run was. */
export const createHeader = (acts: HeaderActs): Header => {
  const glyph = element('span', { class: 'runnel-glyph', 'aria-hidden': 'true' })
  const sentence = element('span', { class: 'runnel-sentence' })
  const beneath = element('span', { class: 'runnel-beneath' })
  const title = element('span', { class: 'runnel-title' })
  const state = element('div', { class: 'runnel-state' }, glyph, sentence, beneath, title)
  const retry = button('Now', 'Connect again now', acts.retry)
  const text = button('Text', 'Read the output as text', () => acts.showText(text.ariaPressed !== 'true'))
  text.ariaPressed = 'false'
  const stop = button('Stop', 'Stop the program', acts.stop)
  stop.classList.add('runnel-stop')
  const header = element(
    'header',
    { class: 'runnel-header' },
    state,
    retry,
    button('Find', 'Find in the output (Ctrl Shift F)', acts.find),
    button('Copy', 'Copy all of the output', acts.copy),
    text,
    stop,
  )
  return {
    element: header,
    show: (words, canStop) => {
      state.dataset['tone'] = words.tone
      setText(glyph, words.glyph)
      setText(sentence, words.sentence)
      setText(beneath, words.beneath.join(' · '))
      retry.hidden = !words.actions.some(({ type }) => type === 'retry-now')
      stop.hidden = !canStop
    },
    title: (given) => setText(title, given),
    textShown: (isShown) => {
      text.ariaPressed = String(isShown)
    },
  }
}
