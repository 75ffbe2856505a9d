// The commands of package.json, once run.sh has brought Node. `npm start` on a fresh machine:
//
//   1. options      a wrong one ends here, after run.sh has brought Node
//   2. lock         two commands in one folder prepare one after the other      prepare/lock.ts
//   3. admit        cleans up after a run that was killed; is the port free?    run/admit.ts
//   4. pnpm         into .runnel/toolchain, beside Node                         prepare/toolchain.ts
//   5. packages     as the lockfile says                                        prepare/packages.ts
//   6. engine       found, or started, or installed                             prepare/engine.ts
//   7. images       Debian, ours from it                                        prepare/images.ts
//   8. page         built when its sources have changed                     prepare/console.ts
//   9. run          Redis, API, workers, the example; stays, or detaches        run/launch.ts
//
// 4 to 8 are lists of steps: title, is it done, do it, and what to do when it failed. All other commands prepare in the
// same way, as far as they need it. Here nothing is imported but Node: there may be no packages yet.
import { join } from 'node:path'
import { isInstalled } from './command.ts'
import { closeInherited } from './inherited.ts'
import { readOptions, readSoakOptions, readTestOptions, USAGE } from './options.ts'
import { ROOT } from './places.ts'
import { bringAppArmorParser, findAppArmorParser, WITHOUT_APPARMOR } from './prepare/apparmor.ts'
import { hasBrowser, installBrowser, WITHOUT_BROWSER } from './prepare/browser.ts'
import { bringCompose, findCompose } from './prepare/compose.ts'
import { buildConsole } from './prepare/console.ts'
import { engineSteps } from './prepare/engine.ts'
import { imageSteps, readDebian } from './prepare/images.ts'
import { lockPreparing } from './prepare/lock.ts'
import { installPackages } from './prepare/packages.ts'
import { type Step, takeSteps } from './prepare/step.ts'
import { bringPnpm, putToolchainOnPath } from './prepare/toolchain.ts'
import { Refusal } from './refusal.ts'
import { admitRun } from './run/admit.ts'
import { runDetached, runInFront } from './run/launch.ts'
import { findRunningRedis } from './run/run-record.ts'
import { stop } from './run/stop.ts'
import { testCompose } from './verify/compose.ts'
import { runTests, startChecks } from './verify/tests.ts'

const PACKAGES: readonly Step[] = [bringPnpm, installPackages]
const IMAGES: readonly Step[] = [...engineSteps, ...imageSteps]
const EVERYTHING: readonly Step[] = [...PACKAGES, ...IMAGES]

const prepare = async (steps: readonly Step[], admit: () => Promise<void> = async () => {}): Promise<void> => {
  using _lock = await lockPreparing()
  await admit()
  putToolchainOnPath()
  await takeSteps(steps)
}

/** This process becomes that command, so that signals and exit codes are the command's own. */
const become = (command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): never => {
  if (process.execve === undefined) throw new Refusal('This Node cannot replace its process: use Linux or macOS.')
  const values = Object.entries({ ...process.env, ...env }).filter(([, value]) => value !== undefined)
  return process.execve(command, [command, ...args], Object.fromEntries(values))
}

const VITEST = join(ROOT, 'node_modules/.bin/vitest')

/** What each resolves with is the exit code. */
const COMMANDS: Record<string, (args: readonly string[]) => Promise<number>> = {
  async start(args) {
    const options = readOptions(args)
    if (options.help) {
      process.stdout.write(USAGE)
      return 0
    }
    const { port, sandbox, detach } = options
    if (sandbox === 'local' && !process.env['REDIS_URL'] && !isInstalled('redis-server')) {
      throw new Refusal('There is no Redis: install redis-server, or name one, as in REDIS_URL=redis://127.0.0.1:6379')
    }
    await prepare([...(sandbox === 'docker' ? EVERYTHING : PACKAGES), buildConsole], () => admitRun(port))
    return await (detach ? runDetached(options) : runInFront(options))
  },

  /** What a detached start leaves behind. */
  supervise: (args) => runInFront(readOptions(args)),

  stop,

  /** Needs no Docker: keys are in Redis. */
  async keys(args) {
    await prepare(PACKAGES)
    const redisUrl = process.env['REDIS_URL'] || findRunningRedis()
    return become(process.execPath, ['apps/api/src/keys.ts', ...args], { REDIS_URL: redisUrl })
  },

  async test(args) {
    const { needsBrowser } = readTestOptions(args)
    await prepare(PACKAGES)
    using checks = startChecks()
    await prepare([...IMAGES, buildConsole, installBrowser, bringAppArmorParser])
    if (needsBrowser && !hasBrowser()) throw new Refusal(WITHOUT_BROWSER)
    return await runTests({
      checks,
      hasBrowser: hasBrowser(),
      leftOut: [...(hasBrowser() ? [] : [WITHOUT_BROWSER]), ...(findAppArmorParser() ? [] : [WITHOUT_APPARMOR])],
    })
  },

  async 'test:slow'() {
    await prepare(EVERYTHING)
    return become(VITEST, ['run', '--project', 'slow'])
  },

  async 'test:compose'() {
    await prepare([...EVERYTHING, bringCompose])
    const compose = await findCompose()
    if (compose === undefined) throw new Refusal('Compose is gone: run this again.')
    // From plain Debian, as on a machine where nothing is prepared.
    return await testCompose(compose, (await readDebian()).tag)
  },

  /** Needs no Docker: it sits in front of a Runnel that runs. */
  async example(args) {
    await prepare(PACKAGES)
    return become(process.execPath, ['examples/mechastream/src/main.ts', ...args])
  },

  async bench(args) {
    await prepare(EVERYTHING)
    // What is measured starts as it does elsewhere.
    return become(process.execPath, ['apps/bench/src/main.ts', ...args], { NODE_COMPILE_CACHE: undefined })
  },

  async 'bench:page'() {
    await prepare(EVERYTHING)
    return become(process.execPath, ['apps/console/bench/main.ts'], { NODE_COMPILE_CACHE: undefined })
  },

  async soak(args) {
    const settings = readSoakOptions(args)
    await prepare(EVERYTHING)
    return become(VITEST, ['run', '--project', 'soak'], settings)
  },
}

/** Those that a user types. */
const listCommands = (): string =>
  Object.keys(COMMANDS)
    .filter((command) => command !== 'supervise')
    .join(', ')

process.chdir(ROOT)
closeInherited()
// Every command must end properly, also if its terminal is gone.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
const [name = '', ...args] = process.argv.slice(2)
try {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (command === undefined) throw new Refusal(`There is no command '${name}': use one of ${listCommands()}.`, 2)
  process.exitCode = await command(args)
} catch (error) {
  if (!(error instanceof Refusal)) throw error
  process.stderr.write(`runnel: ${error.message}\n`)
  process.exitCode = error.exitCode
}
