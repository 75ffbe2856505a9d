const DELETE = 0x7f

/** Control characters as a terminal shows typed ones: ESC is `^[`. So text that is echoed cannot be a command. */
export const toCaretNotation = (text: string): string =>
  [...text]
    .map((character) => {
      const code = character.codePointAt(0) ?? 0
      if (character === '\t') return character
      if (code < 0x20) return `^${String.fromCharCode(code + 0x40)}`
      if (code === DELETE) return '^?'
      // The C1 controls: in UTF-8 a terminal may take U+009B for CSI.
      return code > DELETE && code < 0xa0 ? `\\x${code.toString(16)}` : character
    })
    .join('')

/** A title that a program chose, as text for people: no control characters, 80 characters at most. */
export const toTitle = (text: string): string => {
  const clean = text.replace(/[\p{Cc}\p{Cf}]/gu, '').trim()
  const characters = [...clean]
  return characters.length > TITLE ? `${characters.slice(0, TITLE - 1).join('')}…` : clean
}
const TITLE = 80
