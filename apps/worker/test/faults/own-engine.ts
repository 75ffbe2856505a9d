import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '@runnel/testing'
import Docker from 'dockerode'

/** A Docker daemon with its own images, apart from the engine of this machine. */
export interface OwnEngine extends AsyncDisposable {
  /** For DOCKER_HOST. */
  readonly host: string
  /** Ends the daemon by this signal and starts it again. Resolves when it answers. */
  restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /** The ids of all containers it has. */
  list(): Promise<string[]>
}

const START_MS = 30_000
const { PATH: path = '' } = process.env
const PATH = `${path}:/usr/sbin:/sbin`

/** A daemon needs Linux, root and its program. Elsewhere a test cannot restart the engine. */
export const canStartEngine =
  process.platform === 'linux' &&
  process.getuid?.() === 0 &&
  ['dockerd', 'unshare'].every(
    (program) => spawnSync(program, ['--version'], { env: { PATH }, stdio: 'ignore' }).status === 0,
  )

/**
 * It has its own mounts and network, so that the other engine sees nothing of it and nothing is left of it: a daemon that
 * is configured without a bridge removes the bridge that exists.
 */
export const startOwnEngine = async (images: readonly string[]): Promise<OwnEngine> => {
  const folder = await mkdtemp(join(tmpdir(), 'runnel-engine-'))
  const at = (name: string): string => join(folder, name)
  const host = `unix://${at('engine.sock')}`
  const docker = new Docker({ socketPath: at('engine.sock') })
  const flags = {
    'data-root': at('data'),
    'exec-root': at('exec'),
    pidfile: at('pid'),
    host,
    bridge: 'none',
    iptables: 'false',
    ip6tables: 'false',
  }
  let daemon: ChildProcess | undefined

  const start = async (): Promise<void> => {
    const log = openSync(at('log'), 'a')
    const words = Object.entries(flags).map(([name, value]) => `--${name}=${value}`)
    daemon = spawn('unshare', ['--mount', '--net', 'dockerd', ...words], {
      env: { PATH },
      stdio: ['ignore', log, log],
    })
    closeSync(log)
    try {
      await eventually(() => docker.ping(), { withinMs: START_MS, everyMs: 50 })
    } catch (error) {
      throw new Error(`The daemon does not answer: ${(await readFile(at('log'), 'utf8')).slice(-2_000)}`, {
        cause: error,
      })
    }
  }
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    if (daemon === undefined || daemon.exitCode !== null || daemon.signalCode !== null) return
    const exited = once(daemon, 'exit')
    daemon.kill(signal)
    await exited
    if (signal === 'SIGTERM') return
    // Its containerd exits some time later, and the next daemon would believe the pid files of a killed one.
    const containerd = at('exec/containerd/containerd.pid')
    const pid = Number(await readFile(containerd, 'utf8'))
    await eventually(() => !isAlive(pid))
    await Promise.all([containerd, at('pid')].map((file) => rm(file, { force: true })))
  }
  const copy = async (image: string): Promise<void> => {
    const loading = await docker.loadImage(await new Docker().getImage(image).get())
    loading.resume()
    await once(loading, 'end')
  }

  const engine: OwnEngine = {
    host,
    async restart(signal) {
      await end(signal)
      await start()
    },
    async list() {
      return (await docker.listContainers({ all: true })).map(({ Id }) => Id)
    },
    async [Symbol.asyncDispose]() {
      await end('SIGTERM')
      await rm(folder, { recursive: true })
    },
  }
  try {
    await start()
    await Promise.all(images.map(copy))
    return engine
  } catch (error) {
    daemon?.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
