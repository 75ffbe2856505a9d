/** `⌘` on a Mac, `Ctrl` elsewhere. */
export const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent)
export const MOD = isMac ? '⌘' : 'Ctrl'
const ALT = isMac ? '⌥' : 'Alt'

export interface KeyGroup {
  readonly where: string
  readonly keys: readonly (readonly [keys: string, act: string])[]
}

/** What `?` shows. Each of them works where its group says. */
export const KEY_GROUPS: readonly KeyGroup[] = [
  {
    where: 'Everywhere',
    keys: [
      [`${MOD} Enter`, 'Run'],
      ['Shift Enter', 'Run'],
      [`${MOD} .`, 'Stop'],
      [`${MOD} S`, 'Copy the link to this run'],
      ['F6, Shift F6', 'Next pane, pane before'],
      [`${MOD} \``, 'To the terminal, and back to the program'],
      [`${ALT} I`, 'Input'],
      ['← →', 'Next tab, in a row of tabs'],
      ['?', 'These keys, outside of fields'],
    ],
  },
  {
    where: 'In the program',
    keys: [
      ['F8, Shift F8', 'Next error, error before'],
      ['Tab', 'Indent'],
      ['Esc, then Tab', 'Leave the program'],
      [`${MOD} F`, 'Search'],
    ],
  },
  {
    where: 'In the history',
    keys: [
      ['/', 'Search'],
      ['↑ ↓', 'Another run'],
      ['Enter', 'Open it'],
      ['Space', 'Choose it, to compare two'],
    ],
  },
  {
    where: 'In the terminal',
    keys: [
      ['Ctrl C', 'Copy the selection; without one, interrupt the program'],
      ['Ctrl D', 'End of input'],
      ['Ctrl Shift F', 'Search'],
      ['Shift PgUp, PgDn', 'Scroll'],
      ['Esc Esc', 'Leave the terminal'],
    ],
  },
]
