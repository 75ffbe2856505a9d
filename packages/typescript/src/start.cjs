/**
 * Loaded ahead of a program that starts when its job comes: the files are there, and decide whether Node needs help. The
 * worker names this file in NODE_OPTIONS, for jobs that have a file of TypeScript or JSX. start-barrier.cjs does the same
 * for a Node that was started ahead.
 */
const fs = require('node:fs')
const path = require('node:path')
const { isMainThread } = require('node:worker_threads')
const { forget } = require('./forget.cjs')
const { PRELOAD, register } = require('./hooks.cjs')
const { needsHelp } = require('./program.cjs')
const { isCompiled } = require('./resolve.cjs')

const readSources = () =>
  fs
    .readdirSync('.', { recursive: true, withFileTypes: true })
    .map((entry) => ({ entry, file: path.resolve(entry.parentPath, entry.name) }))
    .filter(({ entry, file }) => entry.isFile() && isCompiled(file))
    .map(({ file }) => ({ file, source: fs.readFileSync(file, 'utf8') }))

const forgetOwnOption = () => {
  const others = (process.env.NODE_OPTIONS ?? '').replace(`--require=${__filename}`, '').trim()
  if (others === '') delete process.env.NODE_OPTIONS
  else process.env.NODE_OPTIONS = others
}

// A worker thread of a program loads this file again, and copies the environment that its parent has by now.
const isNeeded = isMainThread ? needsHelp(readSources()) : (process.env.NODE_OPTIONS ?? '').includes(PRELOAD)
forgetOwnOption()
if (isNeeded) register()
forget()
