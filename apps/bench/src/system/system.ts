import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import type Docker from 'dockerode'
import { type AppProcess, startApp } from './app-process.ts'
import { findFreePort } from './free-port.ts'

const READY_WITHIN_MS = 90_000
const POLL_MS = 50
/** If the containers of a worker stayed the same for this long, the engine has finished its work for it. */
const QUIET_MS = 1_000
const QUIET_POLL_MS = 200

/** An API and a worker as real processes, with their own prefix on the bench's Redis. */
export interface System extends AsyncDisposable {
  readonly url: string
  readonly api: AppProcess
  readonly worker: AppProcess
  /** Ids of the worker's sandboxes that run now. */
  listSandboxes(): Promise<string[]>
  /** The worker's containers, also those that do not run. */
  countContainers(): Promise<number>
  /** Resolves when the pools are full again: at least this many sandboxes run, and the set was the same for a second. */
  untilQuiet(atLeast?: number): Promise<void>
}

const untilReady = async (url: string, parts: readonly AppProcess[]): Promise<void> => {
  const deadline = performance.now() + READY_WITHIN_MS
  while (performance.now() < deadline) {
    const ended = parts.find((part) => !part.isRunning())
    if (ended !== undefined) throw new Error(`A part of the system ended: read ${ended.log}`)
    try {
      const answer: { workers?: number } = JSON.parse(await (await fetch(`${url}/health/ready`)).text())
      if ((answer.workers ?? 0) > 0) return
    } catch {
      // It does not listen yet.
    }
    await delay(POLL_MS)
  }
  throw new Error(`The system was not ready within ${READY_WITHIN_MS} ms: read ${parts.map(({ log }) => log).join()}`)
}

export const startSystem = async (options: {
  readonly docker: Docker
  readonly redisUrl: string
  /** The folder for its logs. */
  readonly name: string
  readonly env?: Readonly<Record<string, string>>
}): Promise<System> => {
  const { docker, redisUrl, name } = options
  await using resources = new AsyncDisposableStack()
  const port = await findFreePort()
  const env = {
    REDIS_URL: redisUrl,
    RUNNEL_PREFIX: `{runnel-bench-${randomBytes(4).toString('hex')}}`,
    RUNNEL_API_PORT: `${port}`,
    ...options.env,
  }

  const listContainers = async (state: 'running' | 'any') => {
    const filters = { label: ['runnel.worker'], ...(state === 'running' ? { status: ['running'] } : {}) }
    const all = await docker.listContainers({ all: true, filters })
    const owner = `${hostname()}-${worker.pid}-`
    return all.filter(({ Labels }) => Labels['runnel.worker']?.startsWith(owner))
  }
  // Containers that a worker leaves behind if it did not stop properly.
  const sweep = async () => {
    for (const { Id } of await listContainers('any')) {
      await docker
        .getContainer(Id)
        .remove({ force: true, v: true })
        .catch(() => {})
    }
  }

  const api = resources.use(await startApp('api', env, `${name}-api`))
  const worker = await startApp('worker', env, `${name}-worker`)
  resources.defer(sweep)
  resources.use(worker)
  const url = `http://127.0.0.1:${port}`
  await untilReady(url, [api, worker])

  const listSandboxes = async () => (await listContainers('running')).map(({ Id }) => Id)
  const owned = resources.move()
  return {
    url,
    api,
    worker,
    listSandboxes,
    countContainers: async () => (await listContainers('any')).length,
    async untilQuiet(atLeast = 1) {
      const deadline = performance.now() + READY_WITHIN_MS
      let last = ''
      let since = performance.now()
      while (performance.now() - since < QUIET_MS) {
        if (performance.now() > deadline) throw new Error(`The pools were not full in time: read ${worker.log}`)
        await delay(QUIET_POLL_MS)
        const ids = await listSandboxes()
        const now = ids.sort().join()
        if (now !== last || ids.length < atLeast) since = performance.now()
        last = now
      }
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
