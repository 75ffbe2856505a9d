/**
 * Whether a text may hold what Node cannot strip. Most programs do not, and this look at their text is all that they pay.
 * It may be wrong in one direction only: a text that is not suspicious is never parsed.
 */
const SUSPICIOUS = [
  /\b(?:enum|namespace|accessor)\b|\bmodule\s+[\w$.]+\s*\{|\bexport\s*[={]|<\/|\/>/,
  // A decorator, but no tag in a comment and no address.
  /(?<!(?:\*|\/\/)[ \t]*)(?<![\w.])@[\w$(]/,
  /\b(?:from|import|require)\s*\(?\s*['"`](?:\.|[^'"`\n]*\.json['"`])/,
  // `<Type>value`, which looks like the start of a generic function.
  /[=(,:?&|;{}[]\s*<[\w.[\]<>|, ]{1,100}>\s*[\w({['"`]/,
]
const NAME_OF_COMMONJS = /\b(?:require|module|exports|__dirname|__filename)\b/
const MODULE = /\b(?:import|export|await)\b/

const CONSTRUCTOR = /\bconstructor\s*\(/g
const BRACKET_OR_TEXT = /[()]|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\/.*|\/\*[\s\S]*?\*\//g
const MODIFIER = /\b(?:public|private|protected|readonly|override)\b/

/** What stands between the bracket that opens just before `start` and the one that closes it. */
const readBrackets = (source, start) => {
  let depth = 1
  BRACKET_OR_TEXT.lastIndex = start
  for (let found = BRACKET_OR_TEXT.exec(source); found !== null; found = BRACKET_OR_TEXT.exec(source)) {
    if (found[0] === '(') depth += 1
    else if (found[0] === ')') depth -= 1
    if (depth === 0) return source.slice(start, found.index)
  }
  return source.slice(start)
}

const hasParameterProperty = (source) =>
  MODIFIER.test(source) &&
  [...source.matchAll(CONSTRUCTOR)].some(({ index, 0: text }) =>
    MODIFIER.test(readBrackets(source, index + text.length)),
  )

const isSuspicious = (source) =>
  SUSPICIOUS.some((pattern) => pattern.test(source)) ||
  (NAME_OF_COMMONJS.test(source) && MODULE.test(source)) ||
  hasParameterProperty(source)

module.exports = { isSuspicious }
