/** Source maps: what Node says about a line of compiled code names the line of the file that a person wrote. */
const { Module } = require('node:module')
const { pathToFileURL } = require('node:url')
const { toBytes } = require('./to-bytes.cjs')

/** A comment for the end of the code. The map names the file itself, which Node reads for the line that it shows. */
const toInlineMap = (file, { mappings, names = [] }) => {
  const map = { version: 3, sources: [pathToFileURL(file).href], names, mappings }
  return `//# sourceMappingURL=data:application/json;base64,${toBytes(JSON.stringify(map)).toString('base64')}\n`
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** A number that is not negative, as mappings write it: five bits a digit, the lowest first, after a bit for the sign. */
const toDigits = (number) => {
  let rest = number * 2
  let digits = ''
  do {
    const isLast = rest < 32
    digits += DIGITS[(rest % 32) + (isLast ? 0 : 32)]
    rest = Math.floor(rest / 32)
  } while (rest > 0)
  return digits
}

/** Throws this error as if it came from that place: Node shows the line, and nothing of ours. */
const throwAt = (file, { line, column, message }) => {
  const error = new SyntaxError(message)
  error.stack = `SyntaxError: ${message}\n    at ${file}:${line}:${column}`
  const mappings = `AA${toDigits(line - 1)}${toDigits(column - 1)}`
  const module = Object.assign(new Module(file), { error })
  module._compile(`throw module.error\n${toInlineMap(file, { mappings })}`, file)
}

module.exports = { throwAt, toInlineMap }
