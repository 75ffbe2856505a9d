import { setTimeout as delay } from 'node:timers/promises'
import Docker from 'dockerode'
import { createBareNode, createBarePython } from './contenders/bare-process.ts'
import type { Contender } from './contenders/contender.ts'
import { createEngineCeiling, type EngineCeiling } from './contenders/engine-ceiling.ts'
import { findPython } from './contenders/find-python.ts'
import { startHttpService } from './contenders/http-service.ts'
import { startRedis } from './system/redis.ts'
import { type System, startSystem } from './system/system.ts'

/** The label of every container that the bench makes. Its value says what the container is for. */
const LABEL = `runnel.bench.${process.pid}`

/** If the engine does not answer for this long, it is stuck. */
const DOCKER_TIMEOUT_MS = 30_000
const SWEEP_AGAIN_MS = 500
const SWEEPS = 3

/** What scenarios measure with. Each part starts when it is first used, and stops at the end. */
export interface Bench {
  readonly docker: Docker
  /** The labels of every container that is made for a measurement. */
  readonly label: string
  readonly barePython: Contender | undefined
  readonly bareNode: Contender
  readonly engineCeiling: EngineCeiling
  /** Like `npm start`: all settings at their defaults. */
  system(): Promise<System>
  /** Starts another one. Its caller may stop it early. */
  startSystem(name: string, env: Readonly<Record<string, string>>): Promise<System>
  subprocessService(): Promise<Contender>
  containerService(): Promise<Contender>
  /** Resolves when every running system has full pools, so that the last measurement does not affect the next. */
  untilQuiet(): Promise<void>
}

const once = <T>(start: () => Promise<T>): (() => Promise<T>) => {
  let started: Promise<T> | undefined
  return () => {
    started ??= start()
    return started
  }
}

/** Removes what an early end left behind. It looks twice, because a container may still have been in the making. */
const sweep = async (docker: Docker): Promise<void> => {
  for (let rounds = 0, found = 1; found > 0 && rounds < SWEEPS; rounds += 1) {
    const left = await docker.listContainers({ all: true, filters: { label: [LABEL] } })
    found = left.length
    const removals = left.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true }))
    await Promise.allSettled(removals)
    if (found > 0) await delay(SWEEP_AGAIN_MS)
  }
}

/** Everything it starts belongs to `resources`. */
export const createBench = async (resources: AsyncDisposableStack): Promise<Bench> => {
  const docker = new Docker({ timeout: DOCKER_TIMEOUT_MS })
  const python = await findPython()
  resources.defer(() => sweep(docker))

  /** Registered before it has started, so a stop during its start waits for the start and then stops it. */
  const own = <T extends AsyncDisposable>(start: () => Promise<T>): Promise<T> => {
    const { promise, resolve } = Promise.withResolvers<T | undefined>()
    resources.defer(async () => await (await promise)?.[Symbol.asyncDispose]())
    const starting = start()
    starting.then(resolve, () => resolve(undefined))
    return starting
  }
  const { url: redisUrl } = await own(() => startRedis(docker, LABEL))
  const systems: System[] = []
  const start: Bench['startSystem'] = async (name, env) => {
    const system = await own(() => startSystem({ docker, redisUrl, name, env }))
    systems.push(system)
    return system
  }

  return {
    docker,
    label: LABEL,
    barePython: python === undefined ? undefined : createBarePython(python),
    bareNode: createBareNode(),
    engineCeiling: resources.use(createEngineCeiling(docker, LABEL)),
    system: once(() => start('default', {})),
    startSystem: start,
    subprocessService: once(() => own(() => startHttpService('subprocess-service', python ?? 'python3'))),
    containerService: once(() => own(() => startHttpService('container-service', LABEL))),
    async untilQuiet() {
      for (const system of systems) if (system.worker.isRunning()) await system.untilQuiet()
    },
  }
}
