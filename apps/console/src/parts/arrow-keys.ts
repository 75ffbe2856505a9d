import type { KeyboardEvent } from 'react'

/** ← and → go through the buttons of a row, Home and End to its ends. */
export const moveByArrows = (event: KeyboardEvent<HTMLElement>): void => {
  if (!['ArrowLeft', 'ArrowRight', 'Home', 'End'].includes(event.key) || event.target instanceof HTMLInputElement)
    return
  const buttons = [...event.currentTarget.querySelectorAll<HTMLButtonElement>('button:enabled')]
  const focused = document.activeElement
  const at = focused instanceof HTMLButtonElement ? buttons.indexOf(focused) : -1
  if (at < 0) return
  event.preventDefault()
  const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: buttons.length - 1 }[event.key] ?? at
  buttons[(to + buttons.length) % buttons.length]?.focus()
}
