/**
 * Blanks everything that is quoted in a program, before its language is detected from its content: programs have other
 * languages in their strings (a page in Python, Python in a shell's here-document, shell in a comment).
 *
 * 1. The language is not known yet, so this reads what the languages have in common, in one pass from left to right.
 * 2. A one-line string must close on its line, so a wrong guess (an apostrophe in a comment) ends with the line.
 * 3. Only what can span lines can mislead further: triple quotes, backticks, block comments and here-documents. Each is
 *    blanked only if its end is there.
 * 4. These stay, as evidence: the quotes, `"$"` for a string that interpolates like a shell's, `//` and `#` in place of a
 *    comment, `<<HEREDOC` in place of a here-document.
 */
export const blankText = (text: string): string => {
  const kept: string[] = []
  const exhausted = new Set<string>()
  let hereDocuments = 0
  let at = 0

  /** The next position of `closing`, or -1. After one -1 it is not searched again, which keeps the pass linear. */
  const find = (closing: string, from: number): number => {
    if (exhausted.has(closing)) return -1
    const found = text.indexOf(closing, from)
    if (found < 0) exhausted.add(closing)
    return found
  }
  const blank = (mark: string, end: number): void => {
    kept.push(mark)
    at = end
  }
  const lineEnd = (from: number): number => {
    const end = text.indexOf('\n', from)
    return end < 0 ? text.length : end
  }

  while (at < text.length) {
    const character = text[at] ?? ''
    const before = at === 0 ? '\n' : (text[at - 1] ?? '')
    const afterSpace = /[\s;({,]/.test(before)

    if (character === '\\') {
      blank(text.slice(at, at + 2), at + 2)
      continue
    }
    if (character === '"' || character === "'") {
      const triple = character.repeat(3)
      if (text.startsWith(triple, at)) {
        const end = find(triple, at + 3)
        blank('""', end < 0 ? text.length : end + 3)
        continue
      }
      const quoted = readQuoted(text, at, lineEnd)
      if (quoted !== undefined) {
        const interpolates = character === '"' && /\$[\w{(@#?*]/.test(text.slice(at, quoted))
        blank(interpolates ? '"$"' : '""', quoted)
        continue
      }
    }
    if (character === '`') {
      const end = find('`', at + 1)
      if (end > 0) {
        blank('``', end + 1)
        continue
      }
    }
    if (character === '#' && afterSpace && !/^#(?:include|define)\b/.test(text.slice(at, at + 9))) {
      blank('#', lineEnd(at))
      continue
    }
    if (character === '/' && afterSpace && text[at + 1] === '/') {
      blank('//', lineEnd(at))
      continue
    }
    if (character === '/' && afterSpace && text[at + 1] === '*') {
      const end = find('*/', at + 2)
      if (end > 0) {
        blank('//', end + 2)
        continue
      }
    }
    if (character === '<' && text[at + 1] === '<' && hereDocuments < 32) {
      hereDocuments += 1
      const end = readHereDocument(text, at, lineEnd)
      if (end !== undefined) {
        blank('<<HEREDOC', end)
        continue
      }
    }
    kept.push(character)
    at += 1
  }
  return kept.join('')
}

/** The position after the closing quote, if it closes on its own line. */
const readQuoted = (text: string, start: number, lineEnd: (from: number) => number): number | undefined => {
  const quote = text[start]
  const end = lineEnd(start)
  for (let at = start + 1; at < end; at += 1) {
    if (text[at] === '\\') at += 1
    else if (text[at] === quote) return at + 1
  }
  return undefined
}

/** The position after the line that ends the here-document which starts at `start`, if there is one. */
const readHereDocument = (text: string, start: number, lineEnd: (from: number) => number): number | undefined => {
  const word = /^<<-?\s?["']?([A-Za-z_]\w*)/.exec(text.slice(start, start + 64))?.[1]
  if (word === undefined) return undefined
  const body = lineEnd(start)
  for (let at = body; at < text.length; at = lineEnd(at + 1)) {
    const line = text.slice(at + 1, lineEnd(at + 1))
    if (line.trim() === word) return lineEnd(at + 1)
  }
  return undefined
}
