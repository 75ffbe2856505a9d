/**
 * What the classifier looks at: which words, operators and pairs of neighbours a text has. Not their order beyond that, and
 * not how often.
 *
 * 1. Strings and comments count as one token each, because programs have prose and other languages in them.
 * 2. A word that the model does not know counts by its shape: `name`, `Name`, `NAME`, `someName`.
 * 3. An operator keeps the spaces around it: `x=5` is Bash, `x = 5` is not.
 */
export const readFeatures = (text: string, isKnown: (word: string) => boolean): Set<string> => {
  const features = new Set<string>()
  let previous = ''
  let firstShape: string | undefined
  let isCode = false
  for (const { 0: found, index } of text.matchAll(TOKEN)) {
    const word = isWord(found)
    const token = word ? (isKnown(found) ? found : toShape(found)) : toMark(text, found, index)
    const shape = word ? toShape(found) : token
    if (startsLine(text, index)) {
      features.add(`\n${token}`)
      if (text[index - 1] === '\t') features.add('\n\t')
      previous = ''
      firstShape = shape
    } else {
      features.add(`${previous}\t${token}`)
      if (firstShape !== undefined) features.add(`\n${firstShape}\t${shape}`)
      firstShape = undefined
    }
    features.add(token)
    if (word && endsLine(text, index + found.length)) features.add(`${token}\n`)
    previous = token
    isCode ||= !COMMENT.test(found)
  }
  // Comments alone say nothing: many languages have the same.
  return isCode ? features : new Set()
}

/** Each alternative is bounded in length where it could otherwise be tried again and again up to the end of the text. */
const TOKEN = new RegExp(
  [
    /<<[-~]?\s?["']?([A-Za-z_]\w*)["']?.*\n(?:[\s\S]{0,4000}?\n)??\s*\1(?=\n|$)/u, // a here-document
    /"""[\s\S]{0,4000}?"""|'''[\s\S]{0,4000}?'''/u, // a string of several lines
    /\/\*[\s\S]{0,2000}?\*\/|<!--[\s\S]{0,2000}?-->/u, // a block comment
    /(?<!:)\/\/.*|#(?![\p{L}_[{(]).*|--(?=\s).*/u, // a comment to the end of its line
    /"(?:[^"\\\n]|\\.){0,400}"|'(?:[^'\\\n]|\\.){0,400}'|`[^`]{0,2000}`/u, // a string
    /[$@%#]?[\p{L}_][\p{L}\p{N}_]*[!?]?/u, // a word
    /\d[\w.]*/u, // a number
    /[-=<>!+*/%&|^~?:.]{1,3}/u, // an operator
    /[^\s\p{L}\p{N}]/u, // a bracket, a comma and the like
  ]
    .map(({ source }) => source)
    .join('|'),
  'gu',
)

/** The start of a comment. */
const COMMENT = /^(?:\/\*(?=[\s\S]*\*\/$)|<!--|\/\/|#(?![\p{L}_[{(])|--(?=\s))/u

/** The words of a text, as `readFeatures` asks for them. */
export const readWords = (text: string): Set<string> => {
  const words = new Set<string>()
  readFeatures(text, (word) => {
    words.add(word)
    return true
  })
  return words
}

const startsLine = (text: string, at: number): boolean => {
  for (let before = at - 1; before >= 0; before -= 1) {
    const character = text[before]
    if (character === '\n') return true
    if (character !== ' ' && character !== '\t') return false
  }
  return true
}

const endsLine = (text: string, at: number): boolean => {
  const character = text[at]
  return character === undefined || character === '\n' || character === '\r'
}

const isWord = (found: string): boolean => /^[$@%#]?[\p{L}_]/u.test(found) && /[\p{L}\p{N}_!?]$/u.test(found)

/** Everything but words. Of a string and a comment only the kind stays. */
const toMark = (text: string, found: string, at: number): string => {
  const first = found[0] ?? ''
  if (first >= '0' && first <= '9') return '0'
  if (/^<<.*\n/.test(found)) return '<<HEREDOC'
  if (/^(?:"""|''')/.test(found)) return '"""'
  if (found.length > 1 && /["'`]/.test(first)) return first
  const comment = COMMENT.exec(found)?.[0]
  if (comment !== undefined) return comment
  return `${space(text[at - 1])}${found}${space(text[at + found.length])}`
}

const space = (character: string | undefined): string => {
  if (character === undefined || character === '\n' || character === '\r') return '\n'
  return character === ' ' || character === '\t' ? ' ' : ''
}

const toShape = (word: string): string => {
  const sigil = /^[$@%#]/.exec(word)?.[0] ?? ''
  const mark = /[!?]$/.exec(word)?.[0] ?? ''
  const bare = word.slice(sigil.length, word.length - mark.length)
  const shape = /[^\0-\x7f]/.test(bare)
    ? 'é'
    : /^[a-z]$/.test(bare)
      ? 'a'
      : /^[A-Z]$/.test(bare)
        ? 'A'
        : /^[a-z]+$/.test(bare)
          ? 'name'
          : /^[A-Z][a-z]+$/.test(bare)
            ? 'Name'
            : /^[A-Z_\d]+$/.test(bare)
              ? 'NAME'
              : /^[a-z_\d]+$/.test(bare)
                ? 'a_name'
                : /^[a-z]/.test(bare)
                  ? 'aName'
                  : 'AName'
  return `<${sigil}${shape}${mark}>`
}
