import { UnicodeGraphemesAddon } from '@xterm/addon-unicode-graphemes'
import type { IUnicodeVersionProvider, Terminal } from '@xterm/xterm'

/** Code points of one character. The longest emoji have ten; a letter of any writing has fewer. */
const MOST = 16

const VERSION = 'graphemes-of-16'

/** Bit 0 of what a provider says: the code point belongs to the character before it. */
const isJoined = (properties: number): boolean => (properties & 1) === 1

/** Unicode has no bound for one character, and a cell with a megabyte of joiners takes seconds to draw: then a new cell begins. */
const limit = (provider: IUnicodeVersionProvider): IUnicodeVersionProvider => {
  let joined = 0
  return {
    version: VERSION,
    wcwidth: (codepoint) => provider.wcwidth(codepoint),
    charProperties: (codepoint, preceding) => {
      const properties = provider.charProperties(codepoint, preceding)
      joined = isJoined(properties) ? joined + 1 : 0
      if (joined < MOST) return properties
      joined = 0
      return provider.charProperties(codepoint, 0)
    },
  }
}

/** Emoji of several code points take two cells, as programs expect, and letters with marks take one. */
export const addGraphemes = (xterm: Terminal): void => {
  const found: IUnicodeVersionProvider[] = []
  const catching = {
    register: (provider: IUnicodeVersionProvider) => found.push(provider),
    versions: [],
    activeVersion: '',
  }
  // The addon registers its providers, and tells nobody about them.
  const addon = new UnicodeGraphemesAddon()
  addon.activate(new Proxy(xterm, { get: (target, key) => (key === 'unicode' ? catching : Reflect.get(target, key)) }))
  const provider = found.find(({ version }) => version === catching.activeVersion)
  if (provider === undefined) throw new Error('The grapheme addon of xterm registered nothing')
  xterm.unicode.register(limit(provider))
  xterm.unicode.activeVersion = VERSION
}
