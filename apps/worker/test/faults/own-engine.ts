import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '@runnel/testing'
import Docker from 'dockerode'

/** A Docker daemon with its own images, apart from the engine of this machine. */
export interface OwnEngine extends AsyncDisposable {
  /** For DOCKER_HOST. */
  readonly host: string
  /** Ends the daemon with this signal and starts it again. Resolves when it answers. */
  restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /** Kills the daemon, everything it started and all containers at once, as a power cut does. */
  lose(): Promise<void>
  /** The ids of all containers it has. */
  list(): Promise<string[]>
}

const START_MS = 30_000
const { PATH: path = '' } = process.env
const PATH = `${path}:/usr/sbin:/sbin`

/** A daemon needs Linux, root and the program `dockerd`. Without these, a test cannot restart the engine. */
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
  let isLost = false

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
    if (signal === 'SIGKILL') await forgetPids()
  }
  const forgetPids = async (): Promise<void> => {
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
    async lose() {
      if (daemon?.pid === undefined) throw new Error('The daemon has not started')
      const pids = await findProcesses(daemon.pid)
      const exited = once(daemon, 'exit')
      for (const pid of pids) kill(pid)
      await exited
      await forgetPids()
      isLost = true
    },
    async list() {
      return (await docker.listContainers({ all: true })).map(({ Id }) => Id)
    },
    async [Symbol.asyncDispose]() {
      if (isLost) {
        // Only a daemon removes the control groups of its dead containers.
        await start()
        const containers = await docker.listContainers({ all: true })
        await Promise.all(containers.map(({ Id }) => docker.getContainer(Id).remove({ force: true })))
      }
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

/** A daemon, what sees the same mounts (its containerd, its shims), and all of their descendants (the containers). */
const findProcesses = async (daemon: number): Promise<number[]> => {
  const mounts = await readlink(`/proc/${daemon}/ns/mnt`)
  const all = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const children = new Map<number, number[]>()
  const found = new Set<number>()
  for (const pid of all) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
    const parent = Number(stat.slice(stat.lastIndexOf(')')).split(' ')[2])
    children.set(parent, [...(children.get(parent) ?? []), pid])
    if ((await readlink(`/proc/${pid}/ns/mnt`).catch(() => '')) === mounts) found.add(pid)
  }
  // A `for` loop over a set also visits what is added during the loop.
  for (const pid of found) for (const child of children.get(pid) ?? []) found.add(child)
  return [...found]
}

const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended with the process before it.
  }
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
