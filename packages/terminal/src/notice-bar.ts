import { button, element, setText } from './element.ts'

const SHOWN_MS = 8_000

interface Offer {
  readonly text: string
  readonly label: string
  readonly act: () => void
}

/** One sentence at the foot: what could not be done and why, or a question. */
export interface NoticeBar extends Disposable {
  readonly element: HTMLElement
  /** Goes away by itself, unless it offers something to press. */
  say(sentence: string, offer?: Offer): void
  hide(): void
}

export const createNoticeBar = (): NoticeBar => {
  const words = element('span')
  const offers = element('span')
  let timer: ReturnType<typeof setTimeout> | undefined
  const hide = (): void => {
    clearTimeout(timer)
    bar.hidden = true
    offers.replaceChildren()
  }
  const bar = element(
    'div',
    { class: 'runnel-notice', role: 'status', hidden: true },
    words,
    offers,
    button('✕', 'Close this message', hide),
  )
  return {
    element: bar,
    say: (sentence, offer) => {
      clearTimeout(timer)
      offers.replaceChildren()
      bar.hidden = false
      setText(words, sentence)
      if (offer === undefined) {
        timer = setTimeout(hide, SHOWN_MS)
        return
      }
      const press = (): void => {
        hide()
        offer.act()
      }
      offers.append(button(offer.text, offer.label, press))
    },
    hide,
    [Symbol.dispose]: () => clearTimeout(timer),
  }
}
