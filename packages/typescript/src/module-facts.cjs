/** What one file says about itself: its syntax, what it imports and exports, which names it takes from CommonJS. */
const { parse } = require('./compiler.cjs')

/** Names that CommonJS gives a file. */
const GIVEN = new Set(['require', 'module', 'exports', '__filename', '__dirname'])
/** What Node's own stripping of types refuses, or leaves as it is and then cannot run. */
const BEYOND_STRIPPING = new Set([
  'AutoAccessor',
  'Decorator',
  'JSXElement',
  'JSXFragment',
  'TsEnumDeclaration',
  'TsExportAssignment',
  'TsImportEqualsDeclaration',
  'TsModuleDeclaration',
  'TsParameterProperty',
  'TsTypeAssertion',
])
const TYPE_DECLARATIONS = new Set(['TsInterfaceDeclaration', 'TsTypeAliasDeclaration'])
const FUNCTIONS = new Set([
  'ArrowFunctionExpression',
  'ClassMethod',
  'ClassProperty',
  'Constructor',
  'FunctionDeclaration',
  'FunctionExpression',
  'MethodProperty',
  'PrivateMethod',
  'PrivateProperty',
  'StaticBlock',
])

/** In swc's tree this context marks a name that no declaration of the file stands behind. */
const UNRESOLVED = 1

const isName = (node, name) => node?.type === 'Identifier' && node.value === name

/** `import(…)` or `require(…)`. Of a name that is put together only its beginning and its end are known. */
const readCall = ({ callee, arguments: [first, ...more] }, facts) => {
  const { type, value, quasis = [] } = first?.expression ?? {}
  const isRequire = callee.type !== 'Import'
  if (type === 'StringLiteral') facts.calls.push({ specifier: value, isRequire, hasOptions: more.length > 0 })
  else if (type === 'TemplateLiteral' && quasis[0].raw.startsWith('.') && !/\.\w+$/.test(quasis.at(-1).raw))
    facts.importsWithoutEnding = true
}

const walk = (node, facts, isInFunction) => {
  if (Array.isArray(node)) {
    for (const child of node) walk(child, facts, isInFunction)
    return
  }
  if (node === null || typeof node !== 'object' || node.declare === true) return
  const { type } = node
  if (BEYOND_STRIPPING.has(type)) facts.isBeyondStripping = true
  else if (type === 'AwaitExpression' || node.isAwait === true) {
    // `for await` and `await using` too.
    if (!isInFunction) facts.hasTopLevelAwait = true
  } else if (type === 'MetaProperty' && node.kind === 'import.meta') facts.hasImportMeta = true
  else if (type === 'Identifier' && node.ctxt === UNRESOLVED && GIVEN.has(node.value)) facts.given.add(node.value)
  else if (type === 'MemberExpression' && isName(node.object, 'module') && isName(node.property, 'exports'))
    facts.setsExports = true
  else if (type === 'MemberExpression' && isName(node.object, 'exports') && node.object.ctxt === UNRESOLVED)
    facts.setsExports = true
  else if (type === 'CallExpression' && (node.callee.type === 'Import' || isName(node.callee, 'require')))
    readCall(node, facts)
  const isFunction = isInFunction || FUNCTIONS.has(type)
  for (const key in node) if (typeof node[key] === 'object') walk(node[key], facts, isFunction)
}

const namesOf = (pattern) => {
  if (pattern === null || pattern === undefined) return []
  if (pattern.type === 'Identifier') return [pattern.value]
  if (pattern.type === 'ArrayPattern') return pattern.elements.flatMap(namesOf)
  if (pattern.type === 'ObjectPattern')
    return pattern.properties.flatMap((one) => namesOf(one.value ?? one.argument ?? one.key))
  return namesOf(pattern.left ?? pattern.argument)
}

/** A namespace with nothing but types does not exist at run time. */
const hasValues = ({ body }) =>
  body?.type === 'TsNamespaceDeclaration'
    ? hasValues(body)
    : (body?.body ?? []).some((item) => {
        const statement = item.type === 'ExportDeclaration' ? item.declaration : item
        return !isTypeDeclaration(statement)
      })

const isTypeDeclaration = (node) =>
  TYPE_DECLARATIONS.has(node.type) ||
  node.declare === true ||
  (node.type === 'TsModuleDeclaration' && !hasValues(node)) ||
  (node.type === 'FunctionDeclaration' && node.body === null)

const declaredBy = (node) => {
  if (node.type === 'VariableDeclaration') return node.declarations.flatMap(({ id }) => namesOf(id))
  const name = node.identifier ?? node.id
  return name?.value === undefined ? [] : [name.value]
}

const READERS = {
  ImportDeclaration({ specifiers, source, typeOnly, with: attributes }, facts) {
    const names = specifiers.map(({ type, local, imported, isTypeOnly, span }) => ({
      local: local.value,
      name:
        type === 'ImportDefaultSpecifier' ? 'default' : type === 'ImportSpecifier' ? (imported ?? local).value : '*',
      isType: typeOnly || isTypeOnly === true,
      markAt: type === 'ImportSpecifier' ? span.start - 1 : undefined,
    }))
    const specifier = source.value
    facts.imports.push({ specifier, names, isTypeOnly: typeOnly, hasAttributes: (attributes ?? null) !== null })
    for (const name of names) facts.imported.set(name.local, { ...name, specifier })
  },
  ExportNamedDeclaration({ specifiers, source, typeOnly }, facts) {
    const names = specifiers.map(({ orig, exported, name, isTypeOnly, span }) => ({
      exported: (exported ?? orig ?? name).value,
      name: orig?.value ?? '*',
      isType: typeOnly || isTypeOnly === true,
      markAt: orig === undefined ? undefined : span.start - 1,
    }))
    if (source === null) facts.local.push(...names)
    else {
      facts.imports.push({ specifier: source.value, names, isTypeOnly: typeOnly, hasAttributes: false })
      for (const name of names) facts.passedOn.set(name.exported, { ...name, specifier: source.value })
    }
  },
  ExportAllDeclaration({ source, typeOnly }, facts) {
    facts.imports.push({ specifier: source.value, names: [], isTypeOnly: typeOnly, hasAttributes: false })
    if (!typeOnly) facts.stars.push(source.value)
  },
  ExportDeclaration({ declaration }, facts) {
    const names = isTypeDeclaration(declaration) ? facts.typeNames : facts.valueNames
    for (const name of declaredBy(declaration)) {
      names.add(name)
      facts.local.push({ exported: name, name, isType: names === facts.typeNames })
    }
  },
  ExportDefaultDeclaration({ decl }, facts) {
    facts.local.push({ exported: 'default', name: '*', isType: isTypeDeclaration(decl) })
  },
  ExportDefaultExpression({ expression }, facts) {
    const name = expression.type === 'Identifier' ? expression.value : '*'
    facts.local.push({ exported: 'default', name, isType: false })
  },
}

const IS_MODULE = new Set([
  'ExportAllDeclaration',
  'ExportDeclaration',
  'ExportDefaultDeclaration',
  'ExportDefaultExpression',
  'ExportNamedDeclaration',
  'ImportDeclaration',
])

const readFacts = (source, { tsx }) => {
  const { body } = parse(source, { tsx })
  const facts = {
    tsx,
    /** Node cannot run it with its types stripped. */
    isBeyondStripping: false,
    hasTopLevelAwait: false,
    hasImportMeta: false,
    /** `module.exports` or `exports.name` is used, or `export =`. */
    setsExports: body.some(({ type }) => type === 'TsExportAssignment'),
    /** The names of CommonJS that it uses and does not declare. */
    given: new Set(),
    /** `import(…)` and `require(…)` of a literal. */
    calls: [],
    /** There is one of a template in which the file's ending is missing. */
    importsWithoutEnding: false,
    imports: [],
    /** What it imports, by the local name. */
    imported: new Map(),
    /** What it exports from another module, by the name it has outside. */
    passedOn: new Map(),
    stars: [],
    /** `export {…}`, `export const` and their like. */
    local: [],
    valueNames: new Set(),
    typeNames: new Set(),
    isModule: body.some((node) => IS_MODULE.has(node.type)),
    isModuleAtRunTime: body.some((node) => IS_MODULE.has(node.type) && node.typeOnly !== true),
  }
  for (const node of body) {
    READERS[node.type]?.(node, facts)
    const names = isTypeDeclaration(node) ? facts.typeNames : facts.valueNames
    for (const name of declaredBy(node)) names.add(name)
  }
  walk(body, facts, false)
  if (body.some(({ type }) => type === 'TsImportEqualsDeclaration')) facts.given.add('require')
  return facts
}

module.exports = { readFacts }
