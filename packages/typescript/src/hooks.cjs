/** What Node asks while it loads modules (node:module, registerHooks): in the same thread, for `import` and `require`. */
const fs = require('node:fs')
const { registerHooks } = require('node:module')
const path = require('node:path')
const { fileURLToPath, pathToFileURL } = require('node:url')
const { compile } = require('./compile.cjs')
const { factsOf } = require('./program.cjs')
const { findSource, isCompiled } = require('./resolve.cjs')
const { throwAt } = require('./source-map.cjs')

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u

/** TypeScript lets people import a JSON file as a whole and by its keys, and asks for no attribute. */
const toJsonModule = (file) => {
  const text = fs.readFileSync(file, 'utf8').replace(/^\uFEFF/, '')
  const value = JSON.parse(text)
  const keys = value === null || typeof value !== 'object' || Array.isArray(value) ? [] : Object.keys(value)
  const names = keys.filter((key) => key !== 'default' && IDENTIFIER.test(key))
  const exported = names.map(
    (name, index) => `const _${index} = value[${JSON.stringify(name)}]; export { _${index} as ${name} };`,
  )
  return `const value = JSON.parse(${JSON.stringify(text)}); export default value;\n${exported.join('\n')}`
}

/** The file that imports, where it is one that we compile. What Node starts has no parent and may be written in short. */
const parentOf = ({ parentURL }) => {
  if (parentURL === undefined) return path.join(process.cwd(), 'main.ts')
  if (!parentURL.startsWith('file:')) return undefined
  const file = fileURLToPath(parentURL)
  return isCompiled(file) ? file : undefined
}

/** What Node throws through these hooks has their lines in its trace, and those of Node's that call them. */
const throwAsNode = (error) => {
  const isOfHooks = (line) =>
    line.includes(`(${__dirname}`) || line.includes('(node:internal/modules/customization_hooks')
  if (typeof error?.stack === 'string') {
    error.stack = error.stack
      .split('\n')
      .filter((line) => !isOfHooks(line))
      .join('\n')
  }
  throw error
}

const isRequire = ({ conditions }) => conditions.includes('require')

/** Node looks first, so what it finds stays as it is. */
const resolveAnyway = (specifier, context, next) => {
  try {
    return next(specifier, context)
  } catch (error) {
    const parent = parentOf(context)
    const file = parent === undefined ? undefined : findSource(specifier, parent)
    if (file === undefined) return throwAsNode(error)
    return next(isRequire(context) ? file : pathToFileURL(file).href, context)
  }
}

const resolve = (specifier, context, next) => {
  const found = resolveAnyway(specifier, context, next)
  const isPlainJson = found.url.endsWith('.json') && !isRequire(context) && context.importAttributes?.type === undefined
  return isPlainJson && parentOf(context) !== undefined ? { ...found, format: 'module' } : found
}

const isWellFormed = (file) => {
  try {
    return factsOf(file) !== undefined
  } catch {
    return false
  }
}

const loadAlone = (url, context, next) => {
  try {
    return next(url, context)
  } catch (error) {
    return throwAsNode(error)
  }
}

const load = (url, context, next) => {
  if (!url.startsWith('file:')) return next(url, context)
  const file = fileURLToPath(url)
  if (file.endsWith('.json') && context.format === 'module')
    return { format: 'module', source: toJsonModule(file), shortCircuit: true }
  if (!isCompiled(file)) return next(url, context)
  try {
    return { ...compile(file), shortCircuit: true }
  } catch (error) {
    // What Node itself says about a file that it knows is what a person should read.
    if (error.line === undefined || (/\.[cm]?ts$/.test(file) && !isWellFormed(file)))
      return loadAlone(url, context, next)
    return throwAt(file, error)
  }
}

const PRELOAD = `--require=${path.join(__dirname, 'register.cjs')}`

/** From here on this thread can load what people write. Its child processes and worker threads load register.cjs. */
const register = () => {
  registerHooks({ resolve, load })
  process.setSourceMapsEnabled(true)
  const options = process.env.NODE_OPTIONS ?? ''
  if (!options.includes(PRELOAD)) process.env.NODE_OPTIONS = `${PRELOAD} ${options}`.trim()
}

module.exports = { PRELOAD, register }
