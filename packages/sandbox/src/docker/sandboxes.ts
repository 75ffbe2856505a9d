import { isDeepStrictEqual } from 'node:util'
import type { Limits } from '@runnel/contract/public'
import { findLanguage, type Language } from '@runnel/languages'
import Docker from 'dockerode'
import pLimit from 'p-limit'
import type { HeldLimits } from '../held-sandbox.ts'
import type { Logger } from '../logger.ts'
import { type LeaseRequest, type Sandboxes, SandboxFailure } from '../sandbox.ts'
import { MAKING_AT_ONCE } from './capacity.ts'
import { type Container, type ContainerRequest, startContainer } from './container.ts'
import { createDisposal } from './dispose.ts'
import { createEngine } from './engine.ts'
import { createHold } from './hold.ts'
import type { KindRequest } from './kind.ts'
import { LABEL } from './labels.ts'
import { createLease } from './lease.ts'
import { createQuiet } from './quiet.ts'
import { createReaper, type FindDead } from './reaper.ts'
import { type CellVerdict, testCells } from './self-test.ts'
import { createStock } from './stock.ts'

export interface DockerSandboxesOptions {
  /** Names this worker on the labels of its containers. */
  readonly worker: string
  readonly languages: readonly Language[]
  /** What comes before a language's image name, for example `runnel/`. */
  readonly imagePrefix: string
  /** Cells ready for any tenant that each language has in any case. */
  readonly poolMin: number
  /** Ready containers of all languages together, if the demand is high. Each language has its `poolMin` in any case. */
  readonly poolMax: number
  /** Limits of the containers that wait for a job. */
  readonly limits: Limits
  /** Processors' worth of time a sandbox may use. */
  readonly cpus: number
  /** Between SIGTERM and SIGKILL. */
  readonly killGraceMs: number
  /** How many jobs of its tenant a cell serves at most. */
  readonly jobsPerCell: number
  /** Sandboxes that last: how many of each image are ready in any case, and what they have. Without it, each is made when it is needed. */
  readonly lasting?: { readonly poolMin: number; readonly limits: HeldLimits }
  readonly runtime: string | undefined
  /** How long the engine may take for one call. Each kind of call has its own deadline too, of 20 s at most. */
  readonly engineTimeoutMs?: number
  /** Which of these workers are dead: their containers are removed. Without it, only abandoned ones are. */
  readonly findDead?: FindDead
  /** Whether cells work on this engine, where that is known. Without it, it is tried first. */
  readonly verdict?: CellVerdict
  readonly log: Logger
}

/** Whether an interpreter that waits may hold more memory than such a job may use. The kernel then refuses the limit. */
const isBelowWarm = ({ minWarmMemoryBytes }: Language, { memoryBytes }: Pick<Limits, 'memoryBytes'>): boolean =>
  memoryBytes < minWarmMemoryBytes

/** Sandboxes as Docker containers. The engine is found as Docker's own tools find it (DOCKER_HOST …). */
export const createDockerSandboxes = (options: DockerSandboxesOptions): Sandboxes => {
  const { worker, languages, imagePrefix, poolMin, limits: usual, log } = options
  const engine = createEngine(new Docker(), options.engineTimeoutMs)
  const quiet = createQuiet()
  const disposal = createDisposal({ engine, worker, quiet, log })
  const stock = createStock({ ...options, engine, disposal, quiet, makeLimit: pLimit(MAKING_AT_ONCE) })

  let verdict = options.verdict
  let testing: Promise<CellVerdict> | undefined

  const toRequest = (
    language: Language,
    { memoryBytes, processes, diskBytes }: HeldLimits,
    confinement: ContainerRequest['confinement'],
  ): ContainerRequest => ({
    image: `${imagePrefix}${language.image}`,
    confinement,
    use: 'programs',
    appArmor: confinement === 'cell' && verdict?.served === 'job' ? verdict.appArmor : undefined,
    memoryBytes,
    processes,
    diskBytes,
    cpus: options.cpus,
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

  const toKind = (language: Language, limits: Limits, isolation: LeaseRequest['isolation']): KindRequest => {
    const usualConfinement = verdict?.served === 'container' ? 'container' : 'cell'
    const confinement = isolation === 'job' ? usualConfinement : 'container'
    // The disk of a container is a mount, fixed when it is made. In a cell each program has its own.
    const isUsual =
      (confinement === 'cell' || limits.diskBytes === usual.diskBytes) &&
      (!isBelowWarm(language, limits) || isBelowWarm(language, usual))
    return {
      name: language.id,
      container: toRequest(language, isUsual ? usual : limits, confinement),
      min: isUsual ? (confinement === usualConfinement ? poolMin : 0) : undefined,
    }
  }

  /** It needs no interpreter ahead, so one kind serves all languages of an image. */
  const toHeldKind = (language: Language, limits: HeldLimits): KindRequest => {
    const isUsual = options.lasting !== undefined && isDeepStrictEqual(limits, options.lasting.limits)
    const request = toRequest(language, limits, 'cell')
    return {
      name: `lasting ${language.image}`,
      container: { ...request, use: 'sandbox', warm: undefined, labels: { ...request.labels, [LABEL.use]: 'sandbox' } },
      min: isUsual ? options.lasting?.poolMin : undefined,
    }
  }

  const hold = createHold({ engine, stock, quiet, killGraceMs: options.killGraceMs })
  const lease = createLease({ engine, stock, quiet, toKind, killGraceMs: options.killGraceMs })
  const findDead = options.findDead ?? (async () => [])
  const reaper = createReaper({ engine, worker, isOurs: disposal.has, findDead, log })

  const withContainer = async <T>(request: ContainerRequest, use: (container: Container) => Promise<T>): Promise<T> => {
    const container = await startContainer(engine, request)
    disposal.own(container)
    try {
      return await use(container)
    } finally {
      // Before the worker takes jobs: later it would be work beside theirs.
      await disposal.dispose(container)
    }
  }

  const test = async (): Promise<CellVerdict> => {
    const [language] = languages
    if (language === undefined) throw new Error('There is no language to try a cell with')
    const request = toRequest(language, usual, 'cell')
    return testCells({ request, withContainer, readSecurityOptions: engine.securityOptions, log })
  }

  /** Once it is known what works here, the stock fills. */
  const getReady = async (): Promise<void> => {
    const first = testing === undefined
    testing ??= verdict === undefined ? test() : Promise.resolve(verdict)
    try {
      verdict = await testing
    } catch (error) {
      testing = undefined
      throw error
    }
    if (!first) return
    for (const language of languages) stock.keep(toKind(language, usual, 'job'))
    const { lasting } = options
    if (lasting === undefined || verdict.served !== 'job') return
    for (const language of languages) stock.keep(toHeldKind(language, lasting.limits))
  }
  getReady().catch(() => {}) // `check` and `lease` try again, and report it

  return {
    async lease(request, signal) {
      const language = languages.find(({ id }) => id === request.language) ?? findLanguage(request.language)
      if (language === undefined)
        throw new SandboxFailure(`There is no language "${request.language}" here`, { programStarted: false })
      try {
        await getReady()
        return await lease(request, language, signal)
      } catch (cause) {
        throw new SandboxFailure('No sandbox could be made', { cause, programStarted: false })
      }
    },
    async hold(request, signal) {
      const { memoryBytes, diskBytes, processes } = request.limits
      try {
        const language = languages.find(({ id }) => id === request.template)
        if (language === undefined) throw new Error(`There is no template "${request.template}" here`)
        await getReady()
        if (verdict?.served === 'container')
          throw new Error(`Sandboxes that last need cells, which do not work here: ${verdict.reason}`)
        return await hold(request, toHeldKind(language, { memoryBytes, diskBytes, processes }), signal)
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause)
        throw new SandboxFailure(`No sandbox could be made: ${reason}`, { cause, programStarted: false })
      }
    },
    async check() {
      await engine.ping()
      for (const image of new Set(languages.map((language) => imagePrefix + language.image))) {
        await engine.findImage(image)
      }
      await getReady()
      // An engine may answer and have the images, and still make nothing: its disk is full, the runtime or an image is broken.
      const { fault } = stock
      if (fault === undefined) return
      const reason = (fault.reason instanceof Error ? fault.reason.message : String(fault.reason)).trim()
      throw new Error(`the last one for ${fault.name} could not be made: ${reason}`, { cause: fault.reason })
    },
    get isolation() {
      return verdict?.served === 'container' ? verdict : ({ served: 'job' } as const)
    },
    get pool() {
      return { idle: stock.ready, bound: Math.max(options.poolMax, poolMin * languages.length) }
    },
    async [Symbol.asyncDispose]() {
      reaper.stop()
      await stock.close()
    },
  }
}
