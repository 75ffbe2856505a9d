import { availableParallelism } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { type Limits, WALL_CEILING_MS } from '@runnel/contract'
import { findLanguage, type Language } from '@runnel/languages'
import Docker from 'dockerode'
import pLimit from 'p-limit'
import type { Logger } from '../logger.ts'
import { runProgram } from '../run-program.ts'
import { type RunRequest, type Sandbox, type Sandboxes, SandboxFailure } from '../sandbox.ts'
import { type Container, type ContainerOrder, startContainer } from './container.ts'
import { createEngine, type Engine } from './engine.ts'
import { explainLoss } from './loss.ts'
import { toPidsLimit } from './policy.ts'
import { createPool, MAXIMUM_AGE_MS, type Pool } from './pool.ts'
import { createReaper, LABEL } from './reaper.ts'

export interface DockerSandboxesOptions {
  /** Names this worker on the labels of its containers. */
  readonly worker: string
  readonly languages: readonly Language[]
  /** What comes before a language's image name, for example `runnel/`. */
  readonly imagePrefix: string
  /** Ready containers kept a language. */
  readonly poolSize: number
  /** Limits of the containers that wait in the pools. */
  readonly limits: Limits
  /** Processors' worth of time a sandbox may use. */
  readonly cpus: number
  /** Between SIGTERM and SIGKILL. */
  readonly graceMs: number
  readonly runtime: string | undefined
  readonly log: Logger
}

/** The engine does its creating one by one for the most part; beyond two a processor it only queues them itself. */
const MAKING_AT_ONCE = availableParallelism() * 2
const REMOVING_AT_ONCE = availableParallelism() * 2
/** A busy engine fails to remove what it is still taking apart; moments later it does not. */
const REMOVAL_PAUSES_MS = [200, 1_000, 3_000, 0]

/** Sandboxes as Docker containers, one job each. The engine is found as Docker's own tools find it (DOCKER_HOST …). */
export const createDockerSandboxes = (options: DockerSandboxesOptions): Sandboxes => {
  const engine = createEngine(new Docker())
  const making = pLimit(MAKING_AT_ONCE)
  const removing = pLimit(REMOVING_AT_ONCE)
  const alive = new Map<string, Container>()
  const removals = new Map<Container, Promise<void>>()
  const inTheMaking = new Set<Promise<Container>>()
  let closing = false
  const { log, graceMs } = options

  const make = async (order: ContainerOrder): Promise<Container> => {
    if (closing) throw new Error('The worker is stopping')
    const container = startContainer(engine, order)
    inTheMaking.add(container)
    try {
      const made = await container
      alive.set(made.id, made)
      return made
    } finally {
      inTheMaking.delete(container)
    }
  }
  const makeInTurn = (order: ContainerOrder) => making(() => make(order))

  const remove = async (container: Container): Promise<void> => {
    for (const pauseMs of REMOVAL_PAUSES_MS) {
      try {
        await removing(() => engine.remove(container.id))
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

  /** Kills it now and removes it in its turn; asked twice, once. */
  const discard = (container: Container): void => {
    container.channel.close(new Error('The sandbox is no longer needed'))
    if (alive.has(container.id) && !removals.has(container)) removals.set(container, remove(container))
  }

  const toOrder = (language: Language, limits: Limits, warm: boolean): ContainerOrder => ({
    image: `${options.imagePrefix}${language.image}`,
    memoryBytes: limits.memoryBytes,
    processes: limits.processes,
    diskBytes: limits.diskBytes,
    cpus: options.cpus,
    runtime: options.runtime,
    labels: {
      [LABEL.ours]: '1',
      [LABEL.worker]: options.worker,
      [LABEL.deadline]: String(Date.now() + MAXIMUM_AGE_MS + WALL_CEILING_MS + 60_000),
    },
    warm:
      warm && language.warmEnv !== undefined
        ? { argv: language.command(language.fileName), env: language.warmEnv }
        : undefined,
  })

  const pools = new Map<string, Pool>(
    options.languages.map((language) => [
      language.id,
      createPool({
        name: language.id,
        size: options.poolSize,
        order: () => toOrder(language, options.limits, true),
        log,
        make: makeInTurn,
        discard,
      }),
    ]),
  )
  const reaper = createReaper(engine, (id) => alive.has(id), log)

  /** A container with exactly these limits. The disk is a mount, fixed at birth; the rest can be changed on the living. */
  const obtain = async (language: Language, limits: Limits, signal: AbortSignal): Promise<Container> => {
    const pool = pools.get(language.id)
    if (pool === undefined || limits.diskBytes !== options.limits.diskBytes) {
      const made = await makeInTurn(toOrder(language, limits, false))
      if (!signal.aborted) return made
      discard(made)
      throw signal.reason
    }
    const container = await pool.take(signal)
    const { memoryBytes, processes } = options.limits
    if (limits.memoryBytes === memoryBytes && limits.processes === processes) return container
    try {
      await engine.update(container.id, { memoryBytes: limits.memoryBytes, pidsLimit: toPidsLimit(limits.processes) })
      return container
    } catch (error) {
      discard(container)
      throw error
    }
  }

  return {
    async lease(languageId, limits, signal) {
      const language = findLanguage(languageId)
      if (language === undefined)
        throw new SandboxFailure(`There is no language "${languageId}" here`, { programStarted: false })
      try {
        const container = await obtain(language, limits, signal)
        return toSandbox(engine, container, language, graceMs, () => discard(container))
      } catch (cause) {
        throw new SandboxFailure('No sandbox could be made', { cause, programStarted: false })
      }
    },
    async check() {
      await engine.ping()
      for (const image of new Set(options.languages.map((language) => options.imagePrefix + language.image))) {
        await engine.findImage(image)
      }
    },
    async [Symbol.asyncDispose]() {
      closing = true
      reaper.stop()
      for (const pool of pools.values()) pool.close()
      await Promise.allSettled(inTheMaking)
      for (const container of [...alive.values()]) discard(container)
      await Promise.all(removals.values())
    },
  }
}

const toSandbox = (
  engine: Engine,
  container: Container,
  language: Language,
  graceMs: number,
  discard: () => void,
): Sandbox => ({
  id: container.id.slice(0, 12),
  warm: container.ready.warm,
  async *run(request: RunRequest) {
    try {
      yield* runProgram(container.channel, request, { argv: language.command(request.program.entry), graceMs })
    } catch (error) {
      const outcome = await explainLoss(engine, container.id, request.limits, error)
      if (outcome === undefined) throw error
      yield outcome
    }
  },
  // It dies now, and is removed when its turn comes: nobody waits for the engine to tidy up.
  [Symbol.asyncDispose]: async () => discard(),
})
