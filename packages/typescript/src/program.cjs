/** The files of a program together: which names are only types in another file, and whether Node can run it as it is. */
const fs = require('node:fs')
const path = require('node:path')
const { transform } = require('./compiler.cjs')
const { hasNoSuchExport } = require('./exports-of-node.cjs')
const { readFacts } = require('./module-facts.cjs')
const { findSource, isCompiled, isFile, isNowhere, isRelative } = require('./resolve.cjs')
const { isSuspicious } = require('./suspicion.cjs')
const { readTsconfig } = require('./tsconfig.cjs')

const read = (file) => fs.readFileSync(file, 'utf8').replace(/^\uFEFF/, '')

const LOOKS_LIKE_JSX = /<\/|\/>/

/** `.ts` holds no JSX. But one text without a file name gets a name that ends in `.ts`, and may hold some. */
const parseFacts = (file, source) => {
  if (file.endsWith('x')) return readFacts(source, { tsx: true })
  try {
    return readFacts(source, { tsx: false })
  } catch (error) {
    if (!LOOKS_LIKE_JSX.test(source)) throw error
    return readFacts(source, { tsx: true })
  }
}

const known = new Map()

/** The facts of a file's present text. Throws a SyntaxError. */
const factsOf = (file, source = read(file)) => {
  const last = known.get(file)
  if (last?.source === source) return last.facts
  const facts = parseFacts(file, source)
  known.set(file, { source, facts })
  return facts
}

const factsOrNothing = (file) => {
  try {
    return factsOf(file)
  } catch {
    return undefined
  }
}

/** `value`, `type`, or undefined where a file exports no such name or that cannot be known. */
const kindOf = (file, name, seen = new Set()) => {
  if (!isCompiled(file) || seen.has(`${file} ${name}`)) return undefined
  seen.add(`${file} ${name}`)
  const facts = factsOrNothing(file)
  if (facts === undefined) return undefined
  const own = facts.local.filter(({ exported }) => exported === name)
  if (own.length > 0) return own.some((one) => kindOfLocal(file, facts, one, seen) !== 'type') ? 'value' : 'type'
  const passed = facts.passedOn.get(name)
  if (passed !== undefined)
    return passed.isType || isTypeElsewhere(file, passed) ? 'type' : (kindAt(file, passed, seen) ?? 'value')
  const kinds = facts.stars.map((specifier) => kindAt(file, { specifier, name }, seen))
  return kinds.includes('value') ? 'value' : kinds.find(Boolean)
}

/** A file of types only, as TypeScript finds it: `./shapes` means shapes.d.ts. */
const isDeclared = (specifier, file) =>
  isRelative(specifier) && isFile(path.resolve(path.dirname(file), `${specifier.replace(/\.js$/, '')}.d.ts`))

/** What a module of Node or a `.d.ts` exports. Only passing it on needs to be marked: an import that is not used goes anyway. */
const isTypeElsewhere = (file, { specifier, name }) =>
  hasNoSuchExport(specifier, name) || (findSource(specifier, file) === undefined && isDeclared(specifier, file))

const kindAt = (file, { specifier, name }, seen) => {
  const source = findSource(specifier, file)
  return source === undefined || name === '*' ? undefined : kindOf(source, name, seen)
}

const kindOfLocal = (file, facts, { name, isType }, seen) => {
  if (facts.valueNames.has(name)) return 'value'
  if (isType || facts.typeNames.has(name)) return 'type'
  const imported = facts.imported.get(name)
  if (imported === undefined) return 'value'
  return imported.isType || isTypeElsewhere(file, imported) ? 'type' : (kindAt(file, imported, seen) ?? 'value')
}

/** The names that a file imports or passes on as if they were values, and that are only types. */
const findUnmarkedTypes = (file, facts) => {
  const fromOthers = facts.imports.flatMap(({ specifier, names, isTypeOnly }) =>
    isTypeOnly
      ? []
      : names.filter(
          (one) =>
            kindAt(file, { ...one, specifier }, new Set()) === 'type' ||
            (one.exported !== undefined && isTypeElsewhere(file, { ...one, specifier })),
        ),
  )
  const passedOn = facts.local.filter((one) => kindOfLocal(file, facts, one, new Set()) === 'type')
  return [...fromOthers, ...passedOn].filter(({ isType }) => !isType)
}

/**
 * Where in a file `type` is missing: the places, in bytes. A compiler that sees one file alone cannot know it. It leaves out
 * a default import of a type by itself, because it is not used as a value.
 */
const findMissingTypes = (file, facts) =>
  findUnmarkedTypes(file, facts)
    .map(({ markAt }) => markAt)
    .filter((place) => place !== undefined)
    .sort((one, other) => one - other)

/** What `require` finds without help. */
const isFoundByRequire = (file) =>
  ['', '.js', '.json', '.node'].some((ending) => isFile(file + ending)) || isFile(path.join(file, 'index.js'))

const needsOurResolution = (file, facts) => {
  const fromHere = (specifier) => path.resolve(path.dirname(file), specifier)
  const isMissing = (specifier, isRequire) => {
    if (specifier.startsWith('node:')) return false
    if (isRelative(specifier)) {
      const isFound = isRequire ? isFoundByRequire(fromHere(specifier)) : isFile(fromHere(specifier))
      if (isFound) return false
    }
    return findSource(specifier, file) !== undefined
  }
  return (
    facts.importsWithoutEnding ||
    facts.imports.some(
      ({ specifier, isTypeOnly, hasAttributes }) =>
        !isTypeOnly && (isMissing(specifier, false) || (specifier.endsWith('.json') && !hasAttributes)),
    ) ||
    facts.calls.some(
      ({ specifier, isRequire, hasOptions }) =>
        isMissing(specifier, isRequire) || (specifier.endsWith('.json') && !isRequire && !hasOptions),
    )
  )
}

/** `[{specifier, name}]`: what a file imports and Node does not find; without a name where it is the whole module. */
const findMissing = (file, facts) =>
  facts.imports
    .filter(({ isTypeOnly }) => !isTypeOnly)
    .flatMap(({ specifier, names }) =>
      isNowhere(specifier, file)
        ? [{ specifier }]
        : names
            .filter(({ name, isType }) => !isType && hasNoSuchExport(specifier, name))
            .map(({ name }) => ({ specifier, name })),
    )

/**
 * Whether the compiler leaves out an import that Node does not find, because it is only a type or is not used. Where it keeps
 * them all, what Node says about them is what a person should read.
 */
const isRidOfMissing = (file, source, facts) => {
  const missing = findMissing(file, facts)
  if (missing.length === 0) return false
  const parser = { syntax: 'typescript', tsx: facts.tsx, decorators: true }
  const { imports } = readFacts(transform(source, { jsc: { target: 'esnext', parser } }).code, { tsx: true })
  const isKept = ({ specifier, name }) =>
    imports.some(
      (one) => one.specifier === specifier && (name === undefined || one.names.some((other) => other.name === name)),
    )
  return !missing.every(isKept)
}

/** `with` had this name once. */
const OLD_ATTRIBUTES = /['"]\s*assert\s*\{/

const needsCompiler = (file, source, packageType) => {
  const { paths, baseUrl } = readTsconfig(path.dirname(file))
  if (/\.[jt]sx$/.test(file)) return true
  if (paths === undefined && baseUrl === undefined && packageType !== 'commonjs' && !isSuspicious(source)) return false
  const facts = factsOf(file, source)
  const isModule = facts.isModuleAtRunTime || facts.hasImportMeta || facts.hasTopLevelAwait
  return (
    facts.tsx ||
    facts.isBeyondStripping ||
    (facts.imports.some(({ hasAttributes }) => hasAttributes) && OLD_ATTRIBUTES.test(source)) ||
    (isModule && (facts.given.size > 0 || (packageType === 'commonjs' && !file.endsWith('.mts')))) ||
    needsOurResolution(file, facts) ||
    findUnmarkedTypes(file, facts).length > 0 ||
    isRidOfMissing(file, source, facts)
  )
}

const readPackageType = (folder) => {
  const file = path.join(folder, 'package.json')
  if (isFile(file)) {
    try {
      return JSON.parse(read(file)).type
    } catch {
      return undefined
    }
  }
  const parent = path.dirname(folder)
  return parent === folder ? undefined : readPackageType(parent)
}

/**
 * Whether Node needs our help with one of these files, `[{file, source}]`. It does not with a file that is wrong: what
 * Node says about it is what a person should read.
 */
const needsHelp = (sources) =>
  sources.some(({ file, source }) => {
    try {
      return (
        isCompiled(file) &&
        !/\.d\.[cm]?ts$/.test(file) &&
        needsCompiler(file, source, readPackageType(path.dirname(file)))
      )
    } catch {
      return false
    }
  })

module.exports = { factsOf, findMissingTypes, needsHelp, read, readPackageType }
