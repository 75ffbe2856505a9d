import { availableParallelism } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import type { Limits } from '@runnel/contract/public'
import { findLanguage, type Language } from '@runnel/languages'
import Docker from 'dockerode'
import pLimit from 'p-limit'
import { runProgram } from '../agent/exec.ts'
import type { Logger } from '../logger.ts'
import { type LeaseRequest, type RunRequest, type Sandbox, type Sandboxes, SandboxFailure } from '../sandbox.ts'
import { createBackgroundTasks } from './background-tasks.ts'
import { adjustContainer, type Container, type ContainerRequest, startContainer } from './container.ts'
import { withDeadline } from './deadline.ts'
import { createEngine } from './engine.ts'
import { LABEL } from './labels.ts'
import { explainLoss } from './loss.ts'
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
  /** Ready containers kept a language, whatever the demand. */
  readonly poolMin: number
  /** Ready containers of all languages together that demand may lead to; each language has its `poolMin` in any case. */
  readonly poolMax: number
  /** Limits of the containers that wait in the pools. */
  readonly limits: Limits
  /** Processors' worth of time a sandbox may use. */
  readonly cpus: number
  /** Between SIGTERM and SIGKILL. */
  readonly killGraceMs: number
  /** How many jobs of a tenant one container serves at most, up to 10,000. */
  readonly jobsPerContainer: number
  readonly runtime: string | undefined
  /** What the engine may take for any one call; each kind of call has a deadline of its own, of 20 s at most. */
  readonly engineTimeoutMs?: number
  /** Which of these workers are dead: their containers are removed. Without it, only what was abandoned is. */
  readonly findDead?: FindDead
  readonly log: Logger
}

/** The engine does its creating one by one for the most part; beyond two a processor it only queues them itself. */
const MAKING_AT_ONCE = availableParallelism() * 2
/** An agent that was asked to end has ended within milliseconds; one that has not is removed all the same. */
const ENDING_MS = 2_000
/** A busy engine fails to remove what it is still taking apart; moments later it does not. */
const REMOVAL_PAUSES_MS = [200, 1_000, 3_000, 0]
/** An engine that does not answer holds up no shutdown: agents end by themselves, and other workers remove what is left. */
const CLOSING_MS = 15_000

/** Jobs with the same key may use one container, one after another; undefined for a job that shares none. */
const toReuseKey = ({ isolation, tenantId, limits }: LeaseRequest, language: Language): string | undefined =>
  isolation === 'tenant' ? JSON.stringify([tenantId, language.id, limits.diskBytes]) : undefined

const toReason = (language: string, fault: unknown): Error => {
  const words = (fault instanceof Error ? fault.message : String(fault)).trim()
  return new Error(`the last one for ${language} could not be made: ${words}`, { cause: fault })
}

/**
 * Sandboxes as Docker containers. The engine is found as Docker's own tools find it (DOCKER_HOST …).
 *
 *   pool ──▶ leased ──▶ one program ──▶ discarded: ended, then removed, both in the background
 *    ▲                      │
 *    └─ made                └─ isolation "tenant" ──▶ reuse pool ──▶ leased again, to that tenant only
 */
export const createDockerSandboxes = (options: DockerSandboxesOptions): Sandboxes => {
  const engine = createEngine(new Docker(), options.engineTimeoutMs)
  const inTurn = pLimit(MAKING_AT_ONCE)
  const tasks = createBackgroundTasks()
  const startLimiter = createStartLimiter()
  const alive = new Map<string, Container>()
  const removals = new Map<Container, Promise<void>>()
  const inTheMaking = new Set<Promise<Container>>()
  let closing = false
  const { log, killGraceMs } = options

  const make = async (request: ContainerRequest): Promise<Container> => {
    if (closing) throw new Error('The worker is stopping')
    const container = startContainer(engine, request)
    inTheMaking.add(container)
    try {
      const made = await container
      alive.set(made.id, made)
      void made.connection.closed.then(() => reusePool.forget(made))
      return made
    } finally {
      inTheMaking.delete(container)
    }
  }

  /** Ends it in order first: the engine spares itself a kill, and never takes apart what is still being used. */
  const remove = async (container: Container): Promise<void> => {
    container.connection.end()
    await Promise.race([container.connection.closed, delay(ENDING_MS, undefined, { ref: false })])
    container.connection.close(new Error('The sandbox is no longer needed'))
    for (const pauseMs of REMOVAL_PAUSES_MS) {
      try {
        await engine.remove(container.id)
        break
      } catch (error) {
        log.warn(
          { container: container.id.slice(0, 12), err: error },
          'Cannot remove a container; trying again, and the reaper after that',
        )
        await delay(pauseMs)
      }
    }
    alive.delete(container.id)
    removals.delete(container)
  }

  /** Removes it when its turn comes; asked twice, once. Whoever wants it dead at once closes its connection. */
  const discard = (container: Container): void => {
    if (!alive.has(container.id) || removals.has(container)) return
    removals.set(
      container,
      tasks.add('removing', () => remove(container)),
    )
  }

  const reusePool = createReusePool(discard)

  const toContainerRequest = (language: Language, limits: Limits): ContainerRequest => ({
    image: `${options.imagePrefix}${language.image}`,
    memoryBytes: limits.memoryBytes,
    processes: limits.processes,
    diskBytes: limits.diskBytes,
    cpus: options.cpus,
    jobsPerContainer: options.jobsPerContainer,
    runtime: options.runtime,
    labels: {
      [LABEL.ours]: '1',
      [LABEL.worker]: options.worker,
    },
    warm:
      language.warm === undefined
        ? undefined
        : {
            by: language.warm.by,
            argv: language.command(language.fileName),
            env: language.warm.by === 'barrier' ? language.warm.env : {},
          },
  })

  const total = (): number => [...pools.values()].reduce((sum, pool) => sum + pool.size, 0)
  const pools: ReadonlyMap<string, Pool> = new Map(
    options.languages.map((language) => [
      language.id,
      createPool({
        name: language.id,
        min: options.poolMin,
        mayGrow: () => total() < options.poolMax,
        log,
        tasks,
        inTurn,
        make: () => make(toContainerRequest(language, options.limits)),
        discard,
      }),
    ]),
  )
  const reaper = createReaper({
    engine,
    worker: options.worker,
    isOurs: (id) => alive.has(id),
    findDead: options.findDead ?? (async () => []),
    log,
  })

  const removeAll = async (): Promise<void> => {
    await Promise.allSettled(inTheMaking)
    for (const container of [...alive.values()]) discard(container)
    await Promise.all(removals.values())
    // What an engine that went away made without telling us, or kept when we asked it to remove it.
    const left = await engine.list(`${LABEL.worker}=${options.worker}`)
    await Promise.all(left.map(({ Id }) => inTurn(() => engine.remove(Id))))
  }

  /** One that has served nobody. The disk is a mount, fixed at birth: another size of it has no pool. */
  const obtainNew = async (language: Language, limits: Limits, signal: AbortSignal): Promise<Container> => {
    const pool = pools.get(language.id)
    if (pool !== undefined && limits.diskBytes === options.limits.diskBytes) return pool.take(signal)
    const made = await inTurn(() => make(toContainerRequest(language, limits))).catch(async (error: unknown) => {
      // Is it what was asked for, or can none be made at all? A pool that is full would not know.
      await pool?.prove()
      throw error
    })
    if (!signal.aborted) return made
    discard(made)
    throw signal.reason
  }

  /**
   * One of the containers with this key, the next that comes back. A new one joins them if it is likely to be there sooner.
   * It stays with them even if the job that asked for it got another one, so that nobody asks for it again.
   */
  const obtainShared = async (
    reuseKey: string,
    language: Language,
    limits: Limits,
    signal: AbortSignal,
  ): Promise<Container> => {
    const own = reusePool.take(reuseKey)
    if (own !== undefined) return own
    const served = new AbortController()
    const until = AbortSignal.any([signal, served.signal])
    /** Never resolves, and rejects where none can be made: then perhaps none with this key ever comes back. */
    const bringMore = async (): Promise<never> => {
      for (;;) {
        await reusePool.untilNewIsBetter(reuseKey, until)
        await reusePool.add(reuseKey, obtainNew(language, limits, new AbortController().signal))
      }
    }
    const back = reusePool.next(reuseKey, until)
    try {
      return await Promise.race([back, bringMore()])
    } catch (error) {
      // Where one came back in the same moment, it is for the next job with this key.
      reusePool.add(reuseKey, back).catch(() => {})
      throw error
    } finally {
      served.abort()
    }
  }

  const obtain = async (
    request: LeaseRequest,
    language: Language,
    reuseKey: string | undefined,
    signal: AbortSignal,
  ) => {
    const { limits } = request
    const container = await (reuseKey === undefined
      ? obtainNew(language, limits, signal)
      : obtainShared(reuseKey, language, limits, signal))
    try {
      await adjustContainer(engine, container, limits)
      return container
    } catch (error) {
      discard(container)
      throw error
    }
  }

  const toSandbox = (
    container: Container,
    language: Language,
    reuseKey: string | undefined,
    leaveStart: () => void,
  ): Sandbox => {
    if (reuseKey !== undefined) reusePool.lend(reuseKey, container)
    const programEnds = tasks.programStarts()
    const isolation: LeaseRequest['isolation'] = reuseKey === undefined ? 'job' : 'tenant'
    let hasEnded = false
    let isReadyAgain: Promise<{ warm: boolean }> | undefined
    return {
      id: container.id.slice(0, 12),
      warm: container.isWarm,
      async *run(request: RunRequest) {
        if (isolation === 'tenant') isReadyAgain = container.connection.nextReady()
        const startedMs = performance.now()
        const settings = { argv: language.command(request.program.entry), killGraceMs, isolation }
        try {
          for await (const event of runProgram(container.connection, request, settings)) {
            hasEnded ||= event.type === 'ended'
            if (hasEnded) leaveStart()
            yield event
          }
        } catch (error) {
          const outcome = await explainLoss(engine, container.id, request.limits, error, performance.now() - startedMs)
          if (outcome === undefined) throw error
          yield outcome
        }
      },
      async [Symbol.asyncDispose]() {
        programEnds()
        leaveStart()
        // A program that has not ended dies now; where it has, its agent has killed what it left. The engine tidies up
        // when it has time.
        if (!hasEnded) container.connection.close(new Error('The sandbox is no longer needed'))
        if (reuseKey !== undefined && isReadyAgain !== undefined && hasEnded)
          return reusePool.put(reuseKey, container, isReadyAgain)
        reusePool.forget(container)
        discard(container)
      },
    }
  }

  return {
    async lease(request, signal) {
      const language = findLanguage(request.language)
      if (language === undefined)
        throw new SandboxFailure(`There is no language "${request.language}" here`, { programStarted: false })
      const reuseKey = toReuseKey(request, language)
      // First its turn, then a container: so short programs of one tenant use a few of them, and these again and again.
      const leaveStart = await startLimiter.enter()
      try {
        return toSandbox(await obtain(request, language, reuseKey, signal), language, reuseKey, leaveStart)
      } catch (cause) {
        leaveStart()
        throw new SandboxFailure('No sandbox could be made', { cause, programStarted: false })
      }
    },
    async check() {
      await engine.ping()
      for (const image of new Set(options.languages.map((language) => options.imagePrefix + language.image))) {
        await engine.findImage(image)
      }
      // An engine may answer and have them, and yet make nothing: its disk is full, its runtime gone, an image damaged.
      for (const [language, { fault }] of pools) if (fault !== undefined) throw toReason(language, fault)
    },
    async [Symbol.asyncDispose]() {
      closing = true
      reaper.stop()
      for (const pool of pools.values()) pool.close()
      reusePool.close()
      tasks.hurry()
      try {
        await withDeadline(removeAll(), CLOSING_MS, 'remove')
      } catch (err) {
        // Its agents end with the connections, and these with us.
        for (const { connection } of alive.values()) connection.close(new Error('The worker has stopped'))
        log.warn({ err, left: alive.size }, 'Not all containers could be removed: other workers will, or the next one')
      }
    },
  }
}
