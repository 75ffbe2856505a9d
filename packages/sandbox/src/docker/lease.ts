import type { Limits } from '@runnel/contract/public'
import type { Language } from '@runnel/languages'
import type pLimit from 'p-limit'
import { runProgram } from '../agent/exec.ts'
import type { LeaseRequest, RunRequest, Sandbox } from '../sandbox.ts'
import type { BackgroundTasks } from './background-tasks.ts'
import { adjustContainer, type Container, type ContainerRequest } from './container.ts'
import type { Containers } from './containers.ts'
import type { Engine } from './engine.ts'
import { explainLoss } from './loss.ts'
import type { Pool } from './pool.ts'
import type { ReusePool } from './reuse-pool.ts'
import type { StartLimiter } from './start-limiter.ts'

/** Whether an interpreter that waits may hold more memory than such a job may use. The kernel then refuses the limit. */
const isBelowWarm = ({ minWarmMemoryBytes }: Language, { memoryBytes }: Pick<Limits, 'memoryBytes'>): boolean =>
  memoryBytes < minWarmMemoryBytes

/** Jobs with the same key may use one container, one after another; undefined for a job that shares none. */
const toReuseKey = ({ isolation, tenantId, limits }: LeaseRequest, language: Language): string | undefined =>
  isolation === 'tenant'
    ? JSON.stringify([tenantId, language.id, limits.diskBytes, isBelowWarm(language, limits)])
    : undefined

/**
 * Gives a job its sandbox.
 *
 *   wait for a start ──┬─ isolation "job" ─────▶ new container ──┬─▶ job's limits ──▶ program ──┬─▶ discarded
 *                      └─ isolation "tenant" ─▶ reuse pool ──────┘                             └─▶ reuse pool
 *                                               (or a new one, if that is sooner)
 */
export const createLease = (options: {
  readonly engine: Engine
  readonly containers: Containers
  readonly pools: ReadonlyMap<string, Pool>
  /** Those of the containers in the pools. */
  readonly poolLimits: Pick<Limits, 'diskBytes' | 'memoryBytes'>
  readonly reusePool: ReusePool
  readonly tasks: BackgroundTasks
  readonly startLimiter: StartLimiter
  readonly makeLimit: ReturnType<typeof pLimit>
  readonly toContainerRequest: (language: Language, limits: Limits) => ContainerRequest
  readonly killGraceMs: number
}) => {
  const { engine, containers, pools, poolLimits, reusePool, tasks, startLimiter, makeLimit, toContainerRequest } =
    options

  /** A container that no job has used. The disk is a mount, fixed when it is made: no pool has other sizes. */
  const obtainNew = async (language: Language, limits: Limits, signal: AbortSignal): Promise<Container> => {
    const pool = pools.get(language.id)
    const fits =
      limits.diskBytes === poolLimits.diskBytes && (!isBelowWarm(language, limits) || isBelowWarm(language, poolLimits))
    if (pool !== undefined && fits) return pool.take(signal)
    const request = toContainerRequest(language, limits)
    const made = await makeLimit(() => containers.make(request)).catch(async (error: unknown) => {
      // Is it because of this request, or can none be made at all? A full pool would not know.
      await pool?.prove()
      throw error
    })
    if (!signal.aborted) return made
    containers.discard(made)
    throw signal.reason
  }

  /**
   * The next container with this key that comes back. If a new one is likely to be there sooner, it joins them. It stays
   * with them even if the job that asked for it got another one, so that no later job asks for it again.
   */
  const obtainReused = async (
    reuseKey: string,
    language: Language,
    limits: Limits,
    signal: AbortSignal,
  ): Promise<Container> => {
    const idle = reusePool.take(reuseKey)
    if (idle !== undefined) return idle
    const served = new AbortController()
    const until = AbortSignal.any([signal, served.signal])
    /** Never resolves. Rejects if none can be made, because then perhaps none with this key ever comes back. */
    const addMore = async (): Promise<never> => {
      for (;;) {
        await reusePool.untilNewIsBetter(reuseKey, until)
        await reusePool.add(reuseKey, obtainNew(language, limits, new AbortController().signal))
      }
    }
    const back = reusePool.next(reuseKey, until)
    try {
      return await Promise.race([back, addMore()])
    } catch (error) {
      // If one came back at the same moment, the next job with this key gets it.
      reusePool.add(reuseKey, back).catch(() => {})
      throw error
    } finally {
      served.abort()
    }
  }

  const obtain = async (
    { limits }: LeaseRequest,
    language: Language,
    reuseKey: string | undefined,
    signal: AbortSignal,
  ): Promise<Container> => {
    const container = await (reuseKey === undefined
      ? obtainNew(language, limits, signal)
      : obtainReused(reuseKey, language, limits, signal))
    try {
      await adjustContainer(engine, container, limits)
      return container
    } catch (error) {
      containers.discard(container)
      throw error
    }
  }

  const toSandbox = (
    container: Container,
    { isolation }: LeaseRequest,
    language: Language,
    reuseKey: string | undefined,
    leaveStart: () => void,
  ): Sandbox => {
    if (reuseKey !== undefined) reusePool.lend(reuseKey, container)
    const programEnds = tasks.programStarts()
    let hasEnded = false
    let isReadyAgain: Promise<{ warm: boolean }> | undefined
    return {
      id: container.id.slice(0, 12),
      warm: container.isWarm,
      async *run(request: RunRequest) {
        if (isolation === 'tenant') isReadyAgain = container.connection.nextReady()
        const startedMs = performance.now()
        const { killGraceMs } = options
        const { program } = request
        const [argv, coldEnv] = [language.command(program.entry), language.coldEnv(program)]
        const settings = { argv, coldEnv, killGraceMs, isolation }
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
        // A program that still runs dies now. After one that has ended, its agent has killed what it left.
        if (!hasEnded) container.connection.close(new Error('The sandbox is no longer needed'))
        if (reuseKey !== undefined && isReadyAgain !== undefined && hasEnded)
          return reusePool.put(reuseKey, container, isReadyAgain)
        reusePool.forget(container)
        containers.discard(container)
      },
    }
  }

  return async (request: LeaseRequest, language: Language, signal: AbortSignal): Promise<Sandbox> => {
    const reuseKey = toReuseKey(request, language)
    // First a start, then a container: so short programs of one tenant use few containers, again and again.
    const leaveStart = await startLimiter.enter()
    try {
      return toSandbox(await obtain(request, language, reuseKey, signal), request, language, reuseKey, leaveStart)
    } catch (error) {
      leaveStart()
      throw error
    }
  }
}
