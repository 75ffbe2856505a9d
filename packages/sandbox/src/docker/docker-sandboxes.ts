import type { Limits } from '@runnel/contract/public'
import { findLanguage, type Language } from '@runnel/languages'
import Docker from 'dockerode'
import pLimit from 'p-limit'
import type { Logger } from '../logger.ts'
import { type Sandboxes, SandboxFailure } from '../sandbox.ts'
import { createBackgroundTasks } from './background-tasks.ts'
import { MAKING_AT_ONCE } from './capacity.ts'
import type { ContainerRequest } from './container.ts'
import { createContainers } from './containers.ts'
import { createEngine } from './engine.ts'
import { LABEL } from './labels.ts'
import { createLease } from './lease.ts'
import { createPool, type Pool } from './pool.ts'
import { createReaper, type FindDead } from './reaper.ts'
import { createReusePool } from './reuse-pool.ts'
import { createStartLimiter } from './start-limiter.ts'

export interface DockerSandboxesOptions {
  /** Names this worker on the labels of its containers. */
  readonly worker: string
  readonly languages: readonly Language[]
  /** What comes before a language's image name, for example `runnel/`. */
  readonly imagePrefix: string
  /** Ready containers that each language has in any case. */
  readonly poolMin: number
  /** Ready containers of all languages together, if the demand is high. Each language has its `poolMin` in any case. */
  readonly poolMax: number
  /** Limits of the containers that wait for a job. */
  readonly limits: Limits
  /** Processors' worth of time a sandbox may use. */
  readonly cpus: number
  /** Between SIGTERM and SIGKILL. */
  readonly killGraceMs: number
  /** How many jobs of one tenant a container serves at most, up to 10,000. */
  readonly jobsPerContainer: number
  readonly runtime: string | undefined
  /** How long the engine may take for one call. Each kind of call has its own deadline too, of 20 s at most. */
  readonly engineTimeoutMs?: number
  /** Which of these workers are dead: their containers are removed. Without it, only abandoned ones are. */
  readonly findDead?: FindDead
  readonly log: Logger
}

const toReason = (language: string, fault: unknown): Error => {
  const reason = (fault instanceof Error ? fault.message : String(fault)).trim()
  return new Error(`the last one for ${language} could not be made: ${reason}`, { cause: fault })
}

/**
 * Sandboxes as Docker containers. The engine is found as Docker's own tools find it (DOCKER_HOST …).
 *
 *   pool ──▶ leased ──▶ one program ──▶ discarded: ended, then removed, in the background
 *    ▲                      │
 *    └─ made                └─ isolation "tenant" ──▶ reuse pool ──▶ leased again, to that tenant only
 */
export const createDockerSandboxes = (options: DockerSandboxesOptions): Sandboxes => {
  const { worker, languages, imagePrefix, limits, killGraceMs, log } = options
  const engine = createEngine(new Docker(), options.engineTimeoutMs)
  const makeLimit = pLimit(MAKING_AT_ONCE)
  const tasks = createBackgroundTasks()
  const containers = createContainers({
    engine,
    worker,
    tasks,
    onClosed: (container) => reusePool.forget(container),
    log,
  })
  const reusePool = createReusePool(containers.discard)

  const toContainerRequest = (language: Language, { memoryBytes, processes, diskBytes }: Limits): ContainerRequest => ({
    image: `${imagePrefix}${language.image}`,
    confinement: 'container',
    memoryBytes,
    processes,
    diskBytes,
    cpus: options.cpus,
    jobsPerContainer: options.jobsPerContainer,
    runtime: options.runtime,
    labels: { [LABEL.ours]: '1', [LABEL.worker]: worker },
    warm:
      language.warm === undefined
        ? undefined
        : {
            by: language.warm.by,
            argv: language.command(language.fileName),
            env: language.warm.by === 'barrier' ? language.warm.env : {},
          },
  })

  const pools = new Map<string, Pool>()
  const room = () => options.poolMax - [...pools.values()].reduce((sum, { size }) => sum + size, 0)
  for (const language of languages) {
    const make = () => containers.make(toContainerRequest(language, limits))
    const { discard } = containers
    const pool = createPool({ name: language.id, min: options.poolMin, room, log, tasks, makeLimit, make, discard })
    pools.set(language.id, pool)
  }

  const lease = createLease({
    engine,
    containers,
    pools,
    poolLimits: limits,
    reusePool,
    tasks,
    startLimiter: createStartLimiter(),
    makeLimit,
    toContainerRequest,
    killGraceMs,
  })
  const reaper = createReaper({
    engine,
    worker,
    isOurs: containers.has,
    findDead: options.findDead ?? (async () => []),
    log,
  })

  return {
    async lease(request, signal) {
      const language = findLanguage(request.language)
      if (language === undefined)
        throw new SandboxFailure(`There is no language "${request.language}" here`, { programStarted: false })
      try {
        return await lease(request, language, signal)
      } catch (cause) {
        throw new SandboxFailure('No sandbox could be made', { cause, programStarted: false })
      }
    },
    async check() {
      await engine.ping()
      for (const image of new Set(languages.map((language) => imagePrefix + language.image))) {
        await engine.findImage(image)
      }
      // An engine may answer and have the images, and still make nothing: its disk is full, the runtime or an image is broken.
      for (const [language, { fault }] of pools) if (fault !== undefined) throw toReason(language, fault)
    },
    get pool() {
      const idle = [...pools.values()].reduce((sum, one) => sum + one.idle, 0)
      return { idle, bound: Math.max(options.poolMax, options.poolMin * pools.size) }
    },
    async [Symbol.asyncDispose]() {
      reaper.stop()
      for (const pool of pools.values()) pool.close()
      reusePool.close()
      await containers.close()
    },
  }
}
