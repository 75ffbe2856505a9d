import { describe, expect, test } from 'vitest'
import { PALETTES } from '../src/palette.ts'

const toLuminance = (color: string): number => {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(color.slice(at, at + 2), 16) / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

const toContrast = (one: string, other: string): number => {
  const [light = 0, dark = 0] = [toLuminance(one), toLuminance(other)].sort((a, b) => b - a)
  return (light + 0.05) / (dark + 0.05)
}

const NAMES = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const

const tooWeak = ({ light }: { light: boolean }): string[] => {
  const palette = light ? PALETTES.light : PALETTES.dark
  const names = [...NAMES, 'foreground'] as const
  return names.filter((name) => toContrast(palette[name] ?? '', palette.background ?? '') < 4.5)
}

describe('Colours of programs', () => {
  test('can be read on light and dark: a contrast of 4.5, except for black on dark, which xterm makes lighter', () => {
    expect(tooWeak({ light: true })).toEqual([])
    expect(tooWeak({ light: false })).toEqual(['black'])
  })
})
