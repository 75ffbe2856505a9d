/**
 * Whether a text may hold what Node cannot strip. Most programs do not, and this look at their text is all that they pay.
 * It may be wrong in one direction only: a text that is not suspicious is never parsed.
 */
const { isBuiltin } = require('node:module')
const { hasNoSuchExport } = require('./exports-of-node.cjs')

const SUSPICIOUS = [
  /\b(?:enum|namespace|accessor)\b|\bmodule\s+[\w$.]+\s*\{|\bexport\s*[={]|<\/|\/>/,
  // A decorator, but no tag in a comment and no address.
  /@(?<!(?:(?:\*|\/\/)[ \t]*|[\w.])@)[\w$(]/,
  /\b(?:from|import|require)\s*(?:\(\s*)?['"`](?:\.|[^'"`\n]*\.json['"`])/,
  // `<Type>value` stands where no `<` can compare. A generic function looks the same, and so does `i++ <n`.
  /(?:^|[^\w$)\]'"`.\s<]|\b(?:return|throw|await|yield|case|default|else|do|in|of|instanceof|extends|typeof|void|delete))\s*<[^=<\s]/,
  /[=(,:?&|;{[]\s*<\s+[\w$({['"]/,
]
const NAME_OF_COMMONJS = /\b(?:require|module|exports|__dirname|__filename)\b/
const MODULE = /\b(?:import|export|await)\b/

const CONSTRUCTOR = /\bconstructor\s*\(/g
const BRACKET_OR_TEXT = /[()]|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\/.*|\/\*[\s\S]*?\*\//g
const MODIFIER = /\b(?:public|private|protected|readonly|override)\b/

/** More of them, or longer ones, are parsed: reading them here would take longer than that. */
const MAX_CONSTRUCTORS = 100
const MAX_PARAMETERS_CHARACTERS = 2_000

/** What stands before the bracket that closes one which is open at the start of the text, or undefined. */
const readUpToClosing = (text) => {
  let depth = 1
  for (const { 0: found, index } of text.matchAll(BRACKET_OR_TEXT)) {
    if (found === '(') depth += 1
    else if (found === ')') depth -= 1
    if (depth === 0) return text.slice(0, index)
  }
  return undefined
}

const mayHaveParameterProperty = (source) => {
  if (!MODIFIER.test(source)) return false
  const starts = [...source.matchAll(CONSTRUCTOR)].map(({ index, 0: text }) => index + text.length)
  if (starts.length > MAX_CONSTRUCTORS) return true
  return starts.some((start) => {
    const parameters = readUpToClosing(source.slice(start, start + MAX_PARAMETERS_CHARACTERS))
    return parameters === undefined || MODIFIER.test(parameters)
  })
}

/** `import …` or `export …` of a module by its name, with the names between braces. */
const IMPORT = /\b(?:import|export)\b([^'"`;()=]{0,1000}?)\bfrom\s*['"]([^'"\n]+)['"]/g

const namesBetweenBraces = (clause) =>
  (/\{([^}]*)\}/.exec(clause)?.[1] ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '' && !one.startsWith('type '))
    .map((one) => one.split(/\s/, 1)[0])

/** A package may be missing and its import only a type; a module of Node may have no such name. */
const mayImportTypes = (source) =>
  [...source.matchAll(IMPORT)].some(
    ([, clause, specifier]) =>
      !/^\s+type\s+[\w{*]/.test(clause) &&
      (!isBuiltin(specifier) || namesBetweenBraces(clause).some((name) => hasNoSuchExport(specifier, name))),
  )

const isSuspicious = (source) =>
  SUSPICIOUS.some((pattern) => pattern.test(source)) ||
  (NAME_OF_COMMONJS.test(source) && MODULE.test(source)) ||
  mayHaveParameterProperty(source) ||
  mayImportTypes(source)

module.exports = { isSuspicious }
