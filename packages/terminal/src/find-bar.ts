import { button, element, setText } from './element.ts'

export interface Found {
  /** From 0; -1 if nothing was found, or so much that it is not counted. */
  readonly index: number
  readonly count: number
}

export interface FindBar {
  readonly element: HTMLFormElement
  open(): void
  close(): void
  show(found: Found): void
}

/** A field that searches in the output while one types. Enter goes on, Shift+Enter back, Esc closes. */
export const createFindBar = (acts: {
  readonly find: (term: string, backwards: boolean) => void
  readonly closed: () => void
}): FindBar => {
  const input = element('input', {
    type: 'search',
    'aria-label': 'Find in the output',
    placeholder: 'Find',
    spellcheck: 'false',
  })
  const count = element('span', { class: 'runnel-count', role: 'status' })
  const find = (backwards: boolean): void => acts.find(input.value, backwards)
  const close = (): void => {
    form.hidden = true
    acts.closed()
  }
  const form = element(
    'form',
    { class: 'runnel-find', role: 'search', hidden: true },
    input,
    count,
    button('↑', 'Previous match', () => find(true)),
    button('↓', 'Next match', () => find(false)),
    button('✕', 'Close the search', close),
  )
  form.addEventListener('submit', (event) => event.preventDefault())
  input.addEventListener('input', () => find(false))
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') find(event.shiftKey)
    if (event.key === 'Escape') close()
  })
  return {
    element: form,
    open: () => {
      form.hidden = false
      input.select()
      input.focus()
    },
    close,
    show: ({ index, count: total }) => {
      const words = total === 0 ? 'No match' : index < 0 ? `${total} matches` : `${index + 1} of ${total}`
      setText(count, input.value === '' ? '' : words)
    },
  }
}
