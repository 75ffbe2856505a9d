import type { ITheme } from '@xterm/xterm'

/** `system` follows the browser's `prefers-color-scheme`. */
export type ThemeName = 'system' | 'light' | 'dark'

const NAMES = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const
const BRIGHT = [
  'brightBlack',
  'brightRed',
  'brightGreen',
  'brightYellow',
  'brightBlue',
  'brightMagenta',
  'brightCyan',
  'brightWhite',
] as const

interface Colors {
  readonly ground: string
  readonly ink: string
  readonly accent: string
  readonly selection: string
  readonly slider: string
  readonly normal: string
  readonly bright: string
}

/** The eight colours and their bright forms, in the order of ANSI. Each has a contrast of at least 4.5 on its ground. */
const LIGHT: Colors = {
  ground: '#FFFFFF',
  ink: '#15201D',
  accent: '#0A6470',
  selection: '#B9DADD',
  slider: '#15201D',
  normal: '#15201D #A52A24 #256B35 #6E5600 #1D57A8 #7B2B86 #0A6470 #53605C',
  bright: '#5E6B67 #BE3A31 #2F7C40 #7D6200 #2C6AC0 #93399F #0D7683 #15201D',
}
const DARK: Colors = {
  ground: '#0B100F',
  ink: '#E3EAE7',
  accent: '#63C3CF',
  selection: '#24505A',
  slider: '#E3EAE7',
  normal: '#66736E #F28B82 #7CC68A #D5B45C #86B4F0 #D99BE3 #63C3CF #C9D2CE',
  bright: '#85928D #FFA79F #9ADBA5 #EACD7E #A9CBF7 #E8B9EF #8AD9E3 #F2F6F4',
}

const toTheme = ({ ground, ink, accent, selection, slider, normal, bright }: Colors): ITheme => {
  const theme: ITheme = {
    background: ground,
    foreground: ink,
    cursor: accent,
    cursorAccent: ground,
    selectionBackground: selection,
    selectionInactiveBackground: selection,
    scrollbarSliderBackground: `${slider}33`,
    scrollbarSliderHoverBackground: `${slider}66`,
    scrollbarSliderActiveBackground: `${slider}80`,
  }
  normal.split(' ').forEach((color, at) => {
    const name = NAMES[at]
    if (name !== undefined) theme[name] = color
  })
  bright.split(' ').forEach((color, at) => {
    const name = BRIGHT[at]
    if (name !== undefined) theme[name] = color
  })
  return theme
}

/** xterm's colours for light and dark pages. */
export const PALETTES = { light: toTheme(LIGHT), dark: toTheme(DARK) } as const

/** How found text is marked. xterm takes only `#RRGGBB` here. */
export const FIND_COLORS = {
  light: { match: '#F0E2B0', active: '#F3B45C' },
  dark: { match: '#4A4220', active: '#8A5A14' },
} as const
