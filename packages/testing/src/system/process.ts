import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import Docker from 'dockerode'
import { eventually } from '../eventually.ts'

/** A line of a process's log. */
interface LogLine {
  readonly msg: string
  readonly time?: number
  readonly worker?: string
  readonly jobId?: string
  readonly reference?: string
}

/** One of our processes, as an operator starts it. */
export interface Process {
  readonly pid: number
  readonly lines: readonly LogLine[]
  /** Resolves with the exit code, null after a signal. */
  readonly exited: Promise<number | null>
  readonly hasExited: boolean
  signal(name: NodeJS.Signals): void
}

/** What a process gets of this one's environment: with the same Docker engine as the tests. */
const PASSED_ON = ['PATH', 'HOME', 'NODE_COMPILE_CACHE', 'DOCKER_HOST', 'DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH']

/** The program of an app: its bundle if the run has made them (infra/bootstrap/verify/bundle-programs.ts), or its source. */
const programOf = (app: string): string => {
  const bundles = process.env['TEST_PROGRAMS']
  return bundles === undefined
    ? fileURLToPath(new URL(`../../../../apps/${app}/src/main.ts`, import.meta.url))
    : join(bundles, `${app}.mjs`)
}

export const startProcess = (app: 'api' | 'worker', env: Readonly<Record<string, string>>): Process => {
  const passedOn = Object.fromEntries(Object.entries(process.env).filter(([name]) => PASSED_ON.includes(name)))
  const child = spawn(process.execPath, [programOf(app)], {
    env: { ...passedOn, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: LogLine[] = []
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', (line) => {
      lines.push(line.startsWith('{') ? JSON.parse(line) : { msg: line })
    })
  }
  const exited = once(child, 'exit').then(([code]): number | null => code)
  return {
    pid: child.pid ?? 0,
    lines,
    exited,
    get hasExited() {
      return child.exitCode !== null || child.signalCode !== null
    },
    signal: (name) => void child.kill(name),
  }
}

export const saying = (part: Process, words: string, withinMs = 30_000): Promise<LogLine> =>
  eventually(
    () => {
      const line = part.lines.find(({ msg }) => msg.includes(words))
      if (line === undefined)
        throw new Error(`No line of the log has "${words}": ${JSON.stringify(part.lines.slice(-5))}`)
      return line
    },
    { withinMs },
  )

/** The id of a worker, in its log, on its containers and in the directory. */
export const nameOf = (part: Process): string | undefined =>
  part.lines.find(({ worker }) => worker !== undefined)?.worker

const docker = new Docker()

/** Containers that exist: an engine may still list one that it has removed. */
export const containersOf = async (part: Process): Promise<string[]> => {
  const worker = nameOf(part)
  if (worker === undefined) return []
  const listed = await docker.listContainers({ all: true, filters: { label: [`runnel.worker=${worker}`] } })
  const found = await Promise.all(listed.map(async ({ Id }) => ((await isThere(docker.getContainer(Id))) ? [Id] : [])))
  return found.flat()
}

/** Whether the engine still has it. Rejects if the engine cannot say. */
export const isThere = (container: Docker.Container): Promise<boolean> =>
  container.inspect().then(
    () => true,
    (error: Error & { statusCode?: number }) => {
      if (error.statusCode !== 404) throw error
      return false
    },
  )
