/** The compiler options of the tsconfig.json that is nearest to a folder; those that decide how a program runs. */
const fs = require('node:fs')
const path = require('node:path')

const STRING_OR_COMMENT = /("(?:\\.|[^"\\])*")|\/\/.*|\/\*[\s\S]*?\*\//g
const STRING_OR_COMMA = /("(?:\\.|[^"\\])*")|,(?=\s*[}\]])/g

/** JSON with comments and commas at the end of lists. */
const parseJsonWithComments = (text) =>
  JSON.parse(
    text
      .replace(/^\uFEFF/, '')
      .replace(STRING_OR_COMMENT, '$1')
      .replace(STRING_OR_COMMA, '$1'),
  )

const toFile = (folder, name) => {
  const file = path.resolve(folder, name)
  return file.endsWith('.json') ? file : `${file}.json`
}

/** With what it extends, if that is a file of the job. One that cannot be read counts as empty. */
const readOptions = (file, depth = 0) => {
  try {
    const { extends: base, compilerOptions = {} } = parseJsonWithComments(fs.readFileSync(file, 'utf8'))
    const folder = path.dirname(file)
    const bases = depth < 5 ? [base ?? []].flat().filter((name) => name.startsWith('.')) : []
    const own = { ...compilerOptions }
    if (own.baseUrl !== undefined) own.baseUrl = path.resolve(folder, own.baseUrl)
    if (own.paths !== undefined) own.pathsFolder = own.baseUrl ?? folder
    return Object.assign({}, ...bases.map((name) => readOptions(toFile(folder, name), depth + 1)), own)
  } catch {
    return {}
  }
}

const known = new Map()

const findOptions = (folder) => {
  const file = path.join(folder, 'tsconfig.json')
  if (fs.existsSync(file)) return readOptions(file)
  const parent = path.dirname(folder)
  return parent === folder ? {} : readTsconfig(parent)
}

const readTsconfig = (folder) => {
  if (!known.has(folder)) known.set(folder, findOptions(folder))
  return known.get(folder)
}

module.exports = { readTsconfig }
