/**
 * The start barrier: a Node that is started before its program exists waits here, and the program cannot notice it.
 *
 * The pool starts the same command as a job (`node main.js`) with one more environment variable:
 * NODE_OPTIONS=--require=/opt/runnel/start-barrier.cjs. Node loads this file after its own start-up and before it looks
 * for the program. So argv, execArgv and the way the program is loaded are native.
 *
 *     on 63   r            ready: the interpreter is up and waits
 *     on 62   g            go: run the program; both descriptors are closed first
 *             else, EOF    not needed: the interpreter exits silently
 *
 * Both are pipes owned by root, as a program sees it: no program can make such pipes. The numbers are 62 and 63 because
 * Node takes the lowest free descriptors for itself, and a program sees which number its first file gets. Worker threads
 * inherit the option that names this file, so they load it too and find no barrier; child processes do not inherit it.
 *
 * Programs that could notice the difference are started anew in the same process: see `showsItsAge`.
 */

const { Console } = require('node:console')
const fs = require('node:fs')
const { stripTypeScriptTypes } = require('node:module')
const net = require('node:net')
const path = require('node:path')

/** packages/typescript: what Node alone cannot run of TypeScript and JSX. Loaded only where there is some. */
const TYPESCRIPT = '/opt/runnel/typescript/src/'
const loadTypeScript = () => require(`${TYPESCRIPT}index.cjs`)

const BARRIER = 62
const READY = 63

const isBarrier = () => {
  try {
    const state = fs.fstatSync(BARRIER)
    return state.isFIFO() && state.uid === 0
  } catch {
    return false
  }
}

const isReleased = () => {
  // Not a Buffer: those come out of a pool, and a program can see how much of it is used.
  const request = new Uint8Array(1)
  try {
    fs.writeSync(READY, 'r')
    fs.closeSync(READY)
    fs.readSync(BARRIER, request)
    fs.closeSync(BARRIER)
  } catch {
    return false // the agent is gone
  }
  return request[0] === 'g'.charCodeAt(0)
}

const nothing = () => {}
const SINK = { write: nothing, on: nothing, once: nothing, removeListener: nothing, listenerCount: nothing }

/**
 * A trick: what nearly every program does first, and Node loads and compiles only then, is done once while nobody waits.
 * That is to print (2.4 ms the first time) and, for a TypeScript program, to strip its types (20 ms) and to load the
 * compiler for what Node cannot strip (7 ms), if the memory is enough. Nothing is opened and no asynchronous resource is
 * counted. `process.stdout` itself is not touched: a program that never uses it leaves its descriptor as it is.
 *
 * Without it a first output comes 1.3 ms later, 20 %, and a program takes 0.8 ms more of a processor, 9 % (2026-11-29,
 * `node apps/bench/src/tricks/main.ts --image runnel/javascript --language javascript --without rehearse`).
 *
 * Switch: `rehearse`. It is no file of its own, because each file that Node loads leaves traces which a program can find.
 */
const rehearse = () => {
  new net.Socket({})
  new Console({ stdout: SINK, stderr: SINK, colorMode: false }).log('%s', 1, {})
  showsItsAge(readSources())
  if (!process.argv[1].endsWith('.ts')) return
  stripTypesUnnoticed()
  if (hasRoomForCompiler()) loadTypeScript().rehearse()
}

/** Bytes, as `minWarmMemoryBytes` of TypeScript says: with the compiler a Node that waits holds 33 MiB. */
const MIN_MEMORY_FOR_COMPILER = 64 * 1024 * 1024

/** The limit of the container; 0 where there is none. */
const hasRoomForCompiler = () => {
  const limit = process.constrainedMemory()
  return limit === 0 || limit >= MIN_MEMORY_FOR_COMPILER
}

/** It warns once in a process that it is experimental. A program that uses it by name must get that warning: see `FRESH`. */
const stripTypesUnnoticed = () => {
  const { emitWarning } = process
  process.emitWarning = nothing
  stripTypeScriptTypes('let one: number = 1')
  process.emitWarning = emitWarning
}

const isOn = (trick) => !process.env.AGENT_WITHOUT?.split(',').includes(trick)

const leaveNoTrace = () => {
  delete process.env.NODE_OPTIONS
  delete process.env.AGENT_WITHOUT
  Object.defineProperty(process, '_preload_modules', { value: [] })
  delete require.cache[__filename]
  delete module.constructor._pathCache[`${__filename}\0`]
}

const SOURCE = /\.(?:[cm]?[jt]s|[jt]sx)$/
const NOT_JAVASCRIPT = /\.(?:[cm]?ts|[jt]sx)$/
/** When Node was started, what its environment was then, what it has loaded: the kernel and Node itself know that. */
const FRESH =
  /\b(?:performance\w*|perf_hooks|uptime|timeStamp|environ|moduleLoadList|sharedObjects|self\/s?maps|stripTypeScriptTypes)\b/i

/**
 * Whether this program would notice that its Node is older than itself. To load this file Node has looked for a
 * package.json in the workspace, and remembers that there was none. And some programs read the time since the start.
 */
const showsItsAge = (sources) => fs.existsSync('package.json') || sources.some(({ source }) => FRESH.test(source))

const readSources = () =>
  fs
    .readdirSync('.', { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && SOURCE.test(entry.name))
    .map((entry) => path.resolve(entry.parentPath, entry.name))
    .map((file) => ({ file, source: fs.readFileSync(file, 'utf8') }))

const startAnew = (env) => process.execve(process.execPath, [process.argv0, path.basename(process.argv[1])], env)

/** Decides how the program starts, before anything of it runs. */
const startProgram = () => {
  const sources = readSources()
  const typescript = sources.some(({ file }) => NOT_JAVASCRIPT.test(file)) ? loadTypeScript() : undefined
  const needsHelp = typescript?.needsHelp(sources) === true
  if (showsItsAge(sources)) startAnew(needsHelp ? { ...process.env, NODE_OPTIONS: typescript.PRELOAD } : process.env)
  if (needsHelp) typescript.register()
  typescript?.forget()
}

if (isBarrier()) {
  if (isOn('rehearse')) rehearse()
  if (!isReleased()) process.reallyExit(0)
  leaveNoTrace()
  startProgram()
} else {
  // A worker thread. It copies the environment of its parent, which names what child processes need.
  const { NODE_OPTIONS } = process.env
  leaveNoTrace()
  if (NODE_OPTIONS?.includes(TYPESCRIPT)) {
    const typescript = loadTypeScript()
    typescript.register()
    typescript.forget()
  }
}
