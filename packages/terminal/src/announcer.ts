import { element, setText } from './element.ts'

const EVERY_MS = 2_000
const LONGEST = 200

/** Says things to screen readers: each state once, and of the output at most the last line every two seconds. */
export interface Announcer extends Disposable {
  readonly element: HTMLElement
  state(sentence: string): void
  /** Something was printed. `readLine` is asked for the last line when it is time to say it. */
  printed(readLine: () => string): void
}

export const createAnnouncer = (): Announcer => {
  const region = element('p', { class: 'runnel-live', role: 'status', 'aria-live': 'polite' })
  let timer: ReturnType<typeof setTimeout> | undefined
  let waiting: (() => string) | undefined

  const sayLine = (): void => {
    timer = undefined
    const line = waiting?.().trim().slice(0, LONGEST)
    waiting = undefined
    if (line === undefined || line === '') return
    setText(region, line)
    timer = setTimeout(sayLine, EVERY_MS)
  }

  return {
    element: region,
    // A state is more important than the line that waits.
    state: (sentence) => {
      waiting = undefined
      setText(region, sentence)
      clearTimeout(timer)
      timer = setTimeout(sayLine, EVERY_MS)
    },
    printed: (readLine) => {
      waiting = readLine
      timer ??= setTimeout(sayLine, EVERY_MS)
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  }
}
