/** Which file an import means, where TypeScript finds one and Node does not. */
const fs = require('node:fs')
const { isBuiltin } = require('node:module')
const path = require('node:path')
const { fileURLToPath } = require('node:url')
const { readTsconfig } = require('./tsconfig.cjs')

const COMPILED = /\.(?:[cm]?ts|[jt]sx)$/
const ENDINGS = ['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs', '.json']
/** People name the file that a compiler would write. */
const WRITTEN_FOR = { '.js': ['.ts', '.tsx'], '.jsx': ['.tsx', '.ts'], '.mjs': ['.mts'], '.cjs': ['.cts'] }

/** Whether a file is compiled. Node refuses TypeScript below node_modules, and so do we. */
const isCompiled = (file) => COMPILED.test(file) && !file.includes('/node_modules/')

const isFile = (file) => fs.statSync(file, { throwIfNoEntry: false })?.isFile() === true

const candidatesFor = (file) => {
  const ending = path.extname(file)
  const source = (WRITTEN_FOR[ending] ?? []).map((own) => file.slice(0, -ending.length) + own)
  return [...source, ...ENDINGS.map((own) => file + own), ...ENDINGS.map((own) => path.join(file, `index${own}`))]
}

const findFile = (file) => (isFile(file) ? file : candidatesFor(file).find(isFile))

/** The places that `paths` and `baseUrl` of a tsconfig.json give a name. The longest beginning that fits decides. */
const toPlaces = (specifier, folder) => {
  const { paths = {}, pathsFolder, baseUrl } = readTsconfig(folder)
  const fitting = Object.entries(paths)
    .map(([pattern, places]) => ({ parts: pattern.split('*'), places }))
    .filter(({ parts: [start, end] }) =>
      end === undefined
        ? specifier === start
        : specifier.length >= start.length + end.length && specifier.startsWith(start) && specifier.endsWith(end),
    )
    .sort((one, other) => other.parts[0].length - one.parts[0].length)
    .slice(0, 1)
    .flatMap(({ parts: [start, end = ''], places }) =>
      places.map((place) => place.replace('*', () => specifier.slice(start.length, specifier.length - end.length))),
    )
  const fromBase = baseUrl === undefined ? [] : [path.resolve(baseUrl, specifier)]
  return [...fitting.map((place) => path.resolve(pathsFolder, place)), ...fromBase]
}

const isRelative = (specifier) => /^\.{0,2}\//.test(specifier) || specifier === '.' || specifier === '..'

/** The file that a specifier means in a file of the job, or undefined. `specifier`: a path, a file: URL, or a name. */
const findSource = (specifier, parent) => {
  const folder = path.dirname(parent)
  if (specifier.startsWith('file:')) return findFile(fileURLToPath(specifier))
  if (isRelative(specifier)) return findFile(path.resolve(folder, specifier.replace(/[?#].*$/, '')))
  return toPlaces(specifier, folder).map(findFile).find(Boolean)
}

/** Whether a package is in a node_modules folder here or further up. What it exports is for Node to say. */
const isInstalled = (name, folder) => {
  if (fs.existsSync(path.join(folder, 'node_modules', name))) return true
  const parent = path.dirname(folder)
  return parent !== folder && isInstalled(name, parent)
}

/** Whether an `import` finds nothing: no module of Node, no file of the job, no package. */
const isNowhere = (specifier, parent) => {
  if (isBuiltin(specifier) || /^#|:/.test(specifier) || findSource(specifier, parent) !== undefined) return false
  if (isRelative(specifier)) return true
  const [name] = /^(?:@[^/]+\/)?[^/]+/.exec(specifier) ?? [specifier]
  return !isInstalled(name, path.dirname(parent))
}

module.exports = { isCompiled, isFile, isNowhere, isRelative, findSource }
