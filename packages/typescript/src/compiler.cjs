/**
 * swc, as the addon that its package brings for this platform. Only two of its functions are needed, and `@swc/core`
 * around it would load 27 more of Node's own modules and take 6 ms more (2026-11-29, by hand).
 *
 * The file in the package is compressed, and unpacks itself into a cache when it is loaded. In the image it is unpacked
 * already (install-compiler.sh): nothing is written, and loading it takes 2 ms instead of 13.
 */
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { toBytes } = require('./to-bytes.cjs')

const PLATFORM = process.platform === 'linux' ? `linux-${process.arch}-gnu` : `${process.platform}-${process.arch}`
const UNPACKED = path.join(__dirname, '../swc.node')
const PACKED = path.join(__dirname, `../node_modules/@swc/core-${PLATFORM}/swc.${PLATFORM}.node`)

const toJsonBytes = (value) => toBytes(JSON.stringify(value))

/** Outside of the image: a cache that programs of the local sandbox share, and not one in the folder of each. */
const unpackInto = (cache, load) => {
  const { SWC_NATIVE_BINDING_CACHE: own } = process.env
  process.env.SWC_NATIVE_BINDING_CACHE = cache
  load()
  if (own === undefined) delete process.env.SWC_NATIVE_BINDING_CACHE
  else process.env.SWC_NATIVE_BINDING_CACHE = own
}

let addon
const loadAddon = () => {
  if (addon === undefined) {
    const holder = { exports: {} }
    if (fs.existsSync(UNPACKED)) process.dlopen(holder, UNPACKED)
    else unpackInto(path.join(os.tmpdir(), `runnel-swc-${process.getuid()}`), () => process.dlopen(holder, PACKED))
    addon = holder.exports
  }
  return addon
}

/** In the picture that swc draws: a line with its number, and under it the place. */
const PLACE = /^ *(\d+) \| (.*)\n *: ( *)\^/m
const LAST_LINE = /^ *(\d+) \| (.*)\n *`/m

/** swc's message is the text of the first error, a picture of its place, and a stack of swc's own. */
const toSyntaxError = ({ message }) => {
  const [, text = message] = /^\s*[x×] (.+)/.exec(message) ?? []
  const [, line = '1', lineText = '', indent = lineText] = PLACE.exec(message) ?? LAST_LINE.exec(message) ?? []
  return Object.assign(new SyntaxError(text), { line: Number(line), column: indent.length + 1 })
}

/** The tree of a text of 1 MB takes 250 MB. */
const MAX_CHARACTERS = 300_000
/** Deeper than some thousands swc uses up its stack and ends the process. */
const MAX_DEPTH = 1_000

const TOKEN = /=>|[\w$\u0080-\uffff]+|\S/g
/** What stands before a value or a type and makes it one level deeper. */
const PREFIXES = new Set(
  '- + ! ~ typeof void delete await yield new keyof unique readonly infer asserts async abstract'.split(' '),
)
const WORD = /[\w$\u0080-\uffff]/
const QUOTES = new Set(['"', "'", '`'])

/**
 * Counts brackets, the prefixes of one value, and `=>` as long as one statement goes on. It takes the text in strings for
 * code, and knows statements only by a comma, a semicolon, or one value right after another.
 */
const isTooDeep = (source) => {
  const outer = []
  let start = 0
  let arrows = 0
  let prefixes = 0
  let isAfterValue = false
  for (const [token] of source.matchAll(TOKEN)) {
    if ('([{'.includes(token)) {
      outer.push([start, arrows])
      start = arrows + prefixes
      arrows = start
      prefixes = 0
      isAfterValue = false
    } else if (')]}'.includes(token)) {
      ;[start, arrows] = outer.pop() ?? [0, 0]
      prefixes = 0
      isAfterValue = true
    } else if (token === '=>') {
      arrows += 1
      isAfterValue = false
    } else if (PREFIXES.has(token) && !(isAfterValue && token.length === 1)) {
      if (isAfterValue) arrows = start
      prefixes += 1
      isAfterValue = false
    } else if (WORD.test(token)) {
      if (isAfterValue) arrows = start
      prefixes = 0
      isAfterValue = true
    } else {
      if (token === ',' || token === ';') arrows = start
      isAfterValue = QUOTES.has(token)
    }
    if (outer.length + arrows + prefixes > MAX_DEPTH) return true
  }
  return false
}

/**
 * The syntax tree of a module. Throws a SyntaxError with its `line` and `column`, both from 1; also for a text that is
 * too large or nested too deeply.
 */
const parse = (source, { tsx }) => {
  if (source.length > MAX_CHARACTERS || isTooDeep(source))
    throw Object.assign(new SyntaxError('Too large to be compiled'), { line: 1, column: 1 })
  try {
    const options = { syntax: 'typescript', tsx, decorators: true, target: 'esnext' }
    return JSON.parse(loadAddon().parseSync(source, toJsonBytes(options))).program
  } catch (error) {
    throw toSyntaxError(error)
  }
}

/** `{code, map}`; the map is JSON text. Throws as `parse` does. */
const transform = (source, options) => {
  try {
    return loadAddon().transformSync(source, false, toJsonBytes({ swcrc: false, configFile: false, ...options }))
  } catch (error) {
    throw toSyntaxError(error)
  }
}

module.exports = { parse, transform }
