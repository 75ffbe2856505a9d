import { type Announcer, createAnnouncer } from './announcer.ts'
import { element } from './element.ts'

/** The elements of a terminal that everything else is put into. */
export interface View {
  readonly root: HTMLElement
  /** Everything with cells; it can have the focus itself, for those who left the terminal. */
  readonly screen: HTMLElement
  readonly pane: HTMLElement
  readonly gutter: HTMLElement
  readonly target: HTMLElement
  readonly announcer: Announcer
}

export const createView = (fonts: { readonly family: string; readonly size: number }): View => {
  const pane = element('div', { class: 'runnel-pane' })
  const gutter = element('div', { class: 'runnel-gutter', 'aria-hidden': 'true' })
  const target = element('div', { class: 'runnel-target', hidden: true })
  const screen = element('div', { class: 'runnel-screen', tabindex: '-1' }, pane, gutter, target)
  const announcer = createAnnouncer()
  const root = element('section', { class: 'runnel-terminal', 'aria-label': 'Terminal' }, screen, announcer.element)
  root.style.setProperty('--runnel-mono', fonts.family)
  root.style.setProperty('--runnel-size', `${fonts.size}px`)
  return { root, screen, pane, gutter, target, announcer }
}
