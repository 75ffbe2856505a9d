/** A program finds no module in Node's caches that it did not load itself. */
const forget = () => {
  const { _pathCache: paths } = module.constructor
  for (const file of Object.keys(require.cache)) if (file.startsWith(__dirname)) delete require.cache[file]
  for (const key of Object.keys(paths)) if (key.includes(__dirname)) delete paths[key]
  Object.defineProperty(process, '_preload_modules', { value: [] })
}

module.exports = { forget }
