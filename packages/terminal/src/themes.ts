import type { ITheme } from '@xterm/xterm'
import { FIND_COLORS, PALETTES, type ThemeName } from './palette.ts'

export interface Themes extends Disposable {
  set(name: ThemeName): void
  readonly current: 'light' | 'dark'
  /** xterm's colours of the current theme. */
  readonly palette: ITheme
  readonly findColors: (typeof FIND_COLORS)['light' | 'dark']
}

/** `system` follows the browser's setting, also when it changes. */
export const createThemes = (root: HTMLElement, first: ThemeName, apply: (theme: ITheme) => void): Themes => {
  const dark = window.matchMedia('(prefers-color-scheme: dark)')
  let name = first
  const current = (): 'light' | 'dark' => (name === 'system' ? (dark.matches ? 'dark' : 'light') : name)
  const update = (): void => {
    if (name === 'system') delete root.dataset['theme']
    else root.dataset['theme'] = name
    apply(PALETTES[current()])
  }
  dark.addEventListener('change', update)
  if (name !== 'system') root.dataset['theme'] = name
  return {
    set: (given) => {
      name = given
      update()
    },
    get current() {
      return current()
    },
    get palette() {
      return PALETTES[current()]
    },
    get findColors() {
      return FIND_COLORS[current()]
    },
    [Symbol.dispose]: () => dark.removeEventListener('change', update),
  }
}
