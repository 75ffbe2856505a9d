/** One file of TypeScript or JSX, as Node can run it. */
const path = require('node:path')
const { transform } = require('./compiler.cjs')
const { factsOf, findMissingTypes, read, readPackageType } = require('./program.cjs')
const { toInlineMap } = require('./source-map.cjs')
const { toBytes } = require('./to-bytes.cjs')
const { readTsconfig } = require('./tsconfig.cjs')

/** Fields are defined, not assigned, since ES2022. */
const OLD_TARGET = /^es(?:3|5|6|20(?:1[5-9]|2[01]))$/i

const markTypes = (source, places) => {
  const bytes = toBytes(source)
  const pieces = places.map((place, index) => bytes.subarray(places[index - 1] ?? 0, place))
  return [...pieces, bytes.subarray(places.at(-1) ?? 0)].map(String).join('type ')
}

/**
 * `commonjs` or `module`, by what the file uses. Where it mixes both, it is a module that is given the names of
 * CommonJS; one that sets `module.exports` is CommonJS, and its imports become `require`.
 */
const toFormat = (file, facts) => {
  if (file.endsWith('.mts')) return 'module'
  if (file.endsWith('.cts')) return 'commonjs'
  if (facts.hasImportMeta || facts.hasTopLevelAwait) return 'module'
  if (facts.setsExports && (facts.given.size > 0 || !facts.isModule)) return 'commonjs'
  if (facts.isModuleAtRunTime) return 'module'
  if (facts.given.size > 0) return 'commonjs'
  return facts.isModule || readPackageType(path.dirname(file)) === 'module' ? 'module' : 'commonjs'
}

const GIVEN_IN_A_MODULE = {
  require: 'process.getBuiltinModule("node:module").createRequire(import.meta.url)',
  __filename: 'import.meta.filename',
  __dirname: 'import.meta.dirname',
  exports: '{}',
  module: '{ id: import.meta.filename, filename: import.meta.filename, exports: {}, children: [], paths: [] }',
}

/** A line before the first one. `require.main === module` asks whether a file was started and not imported. */
const toGiven = ({ given }) => {
  const names = [...given].map((name) => `${name} = ${GIVEN_IN_A_MODULE[name]}`)
  const main = given.has('require') && given.has('module') ? 'if (import.meta.main) require.main = module;' : ''
  return names.length === 0 ? '' : `const ${names.join(', ')};${main}\n`
}

/** The file's own pragma, else what tsconfig.json says, else `React` where the file has it, else react/jsx-runtime. */
const isClassicJsx = (source, facts, { jsx }) => {
  if (/@jsx\s/.test(source)) return true
  if (/@jsxImportSource\s/.test(source)) return false
  return jsx === undefined ? facts.imported.has('React') || facts.valueNames.has('React') : jsx === 'react'
}

const toJsx = (isClassic, options) => {
  return {
    runtime: isClassic ? 'classic' : 'automatic',
    ...(isClassic && { pragma: options.jsxFactory, pragmaFrag: options.jsxFragmentFactory }),
    ...(!isClassic && { importSource: options.jsxImportSource }),
    development: false,
  }
}

const toOptions = (file, source, facts, format) => {
  const options = readTsconfig(path.dirname(file))
  const isLegacy = options.experimentalDecorators === true
  return {
    // swc allows JSX by the name of a file.
    filename: facts.tsx && !file.endsWith('x') ? `${file}x` : file,
    sourceMaps: true,
    inlineSourcesContent: false,
    ...(format === 'commonjs' && { module: { type: 'commonjs', importInterop: 'swc' } }),
    jsc: {
      target: 'esnext',
      parser: { syntax: 'typescript', tsx: facts.tsx, decorators: true },
      keepClassNames: true,
      transform: {
        ...(isLegacy
          ? { legacyDecorator: true, decoratorMetadata: options.emitDecoratorMetadata === true }
          : { decoratorVersion: '2023-11' }),
        useDefineForClassFields: options.useDefineForClassFields ?? !OLD_TARGET.test(options.target ?? ''),
        react: toJsx(isClassicJsx(source, facts, options), options),
      },
    },
  }
}

/**
 * swc's helper gives each decorated class the property `Symbol.metadata`, which Node does not have. TypeScript's leaves it
 * out then; a class that its decorator has sealed would refuse it.
 */
const leaveOutMetadata = (code) =>
  code.replace(
    'return defineProperty(Class, symbolMetadata, {',
    'return Symbol.metadata === undefined ? Class : defineProperty(Class, symbolMetadata, {',
  )

/** `{format, source}`. Throws a SyntaxError with the place of the fault, or what reading the file throws. */
const compile = (file) => compileText(file, read(file))

const compileText = (file, source) => {
  const facts = factsOf(file, source)
  const format = toFormat(file, facts)
  const { code, map } = transform(
    markTypes(source, findMissingTypes(file, facts)),
    toOptions(file, source, facts, format),
  )
  const given = format === 'module' ? toGiven(facts) : ''
  const { mappings, names } = JSON.parse(map)
  const inlineMap = toInlineMap(file, { names, mappings: given === '' ? mappings : `;${mappings}` })
  return { format, source: `${given}${leaveOutMetadata(code)}\n${inlineMap}` }
}

module.exports = { compile, compileText }
