/** What Node's own modules export: every other name that is imported from them is a type. */
const { isBuiltin } = require('node:module')

const ALWAYS = new Set(['default', '*'])

/** False too for a module that is not Node's. */
const hasNoSuchExport = (specifier, name) =>
  !ALWAYS.has(name) && isBuiltin(specifier) && !(name in process.getBuiltinModule(specifier))

module.exports = { hasNoSuchExport }
