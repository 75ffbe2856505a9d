import { availableParallelism, totalmem } from 'node:os'
import { LIMITS } from '@runnel/contract/public'
import { ALL_LANGUAGES, readLanguageList } from '@runnel/languages'
import { commonConfig, wholeNumber } from '@runnel/process'
import { z } from 'zod'

/** A quarter of the machine is for the engine, the pools, Redis and us. */
const MEMORY_SHARE = 0.75

/**
 * How many jobs a worker runs at once. Memory decides: every one of them may use all it is allowed, and a machine that
 * swaps or kills serves nobody. Processors do not: most programs wait, and those that compute share fairly by quota.
 */
const defaultConcurrency = (): number =>
  Math.max(1, Math.floor((totalmem() * MEMORY_SHARE) / LIMITS.memoryBytes.default))

/** Of the quarter that is not the programs'. */
const POOL_MEMORY_SHARE = 0.1
/** One that waits: 12 MiB for the agent and the interpreter, as much again for what the engine keeps beside it. */
const IDLE_SANDBOX_BYTES = 24 * 1024 * 1024

const defaultPoolMax = (): number => Math.floor((totalmem() * POOL_MEMORY_SHARE) / IDLE_SANDBOX_BYTES)

/** What the worker reads from its environment; everything has a default. Docker's own variables are its client's to read. */
export const configSchema = z
  .object({
    ...commonConfig,
    PATH: z.string().default('/usr/local/bin:/usr/bin:/bin'),
    RUNNEL_LANGUAGES: z.string().default(ALL_LANGUAGES),
    /** `local` runs programs as this very user, without any isolation. Never chosen by itself. */
    RUNNEL_SANDBOX: z.enum(['docker', 'local']).default('docker'),
    RUNNEL_CONCURRENCY: wholeNumber.pipe(z.int().min(1).max(1_000)).default(defaultConcurrency),
    /** Ready sandboxes kept a language: twice the processors, since one is used up faster than another is made. */
    RUNNEL_POOL_MIN: wholeNumber.pipe(z.int().max(500)).default(() => availableParallelism() * 2),
    /** Ready sandboxes of all languages together that demand may lead to. */
    RUNNEL_POOL_MAX: wholeNumber.pipe(z.int().max(2_000)).default(defaultPoolMax),
    /** How many jobs of one tenant a sandbox serves (`isolation: "tenant"`) before it is replaced; it lives ten minutes at most. */
    RUNNEL_JOBS_PER_CONTAINER: wholeNumber.pipe(z.int().min(1).max(10_000)).default(1_000),
    /** On SIGTERM: how long running jobs may go on before they are given back. */
    RUNNEL_SHUTDOWN_GRACE_MS: wholeNumber.pipe(z.int().max(600_000)).default(10_000),
    /**
     * How long a job stays this worker's when it cannot say that it is alive. Within 1.25 times as long after a worker's
     * death another one has the job; a Redis that is away for half as long ends none.
     */
    RUNNEL_LOCK_MS: wholeNumber.pipe(z.int().min(1_000).max(600_000)).default(20_000),
    /** What the engine may take for any one call, before it counts as one that does not answer. */
    RUNNEL_ENGINE_TIMEOUT_MS: wholeNumber.pipe(z.int().min(100).max(600_000)).default(20_000),
    /** A program that is told to stop (SIGTERM) has this long to tidy up before SIGKILL. */
    RUNNEL_KILL_GRACE_MS: wholeNumber.pipe(z.int().max(60_000)).default(500),
    /** Processors' worth of time one sandbox may use. */
    RUNNEL_CPUS: z.coerce.number().positive().max(1_024).default(1),
    RUNNEL_IMAGE_PREFIX: z.string().default('runnel/'),
    /** The engine's OCI runtime, for example `runsc`; the engine's default when left out. */
    RUNNEL_RUNTIME: z.string().optional(),
    /** Of Docker's own, what its client would silently take for something else. */
    DOCKER_HOST: z
      .string()
      .refine((host) => !host.startsWith('ssh:'), 'cannot be reached over ssh: use unix:// or, with TLS, tcp://')
      .optional(),
    DOCKER_TLS_VERIFY: z.literal('1', 'must be 1, or absent for an engine without TLS').optional(),
  })
  .transform((given, context) => {
    const languages = readLanguageList(given.RUNNEL_LANGUAGES)
    if (languages === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['RUNNEL_LANGUAGES'],
        message: `must be a comma list of ${ALL_LANGUAGES}`,
      })
      return z.NEVER
    }
    return {
      redisUrl: given.REDIS_URL,
      prefix: given.RUNNEL_PREFIX,
      logLevel: given.RUNNEL_LOG_LEVEL,
      retentionMs: given.RUNNEL_RETENTION_MS,
      path: given.PATH,
      languages,
      sandbox: given.RUNNEL_SANDBOX,
      concurrency: given.RUNNEL_CONCURRENCY,
      poolMin: given.RUNNEL_POOL_MIN,
      poolMax: given.RUNNEL_POOL_MAX,
      jobsPerContainer: given.RUNNEL_JOBS_PER_CONTAINER,
      shutdownGraceMs: given.RUNNEL_SHUTDOWN_GRACE_MS,
      lockMs: given.RUNNEL_LOCK_MS,
      engineTimeoutMs: given.RUNNEL_ENGINE_TIMEOUT_MS,
      killGraceMs: given.RUNNEL_KILL_GRACE_MS,
      cpus: given.RUNNEL_CPUS,
      imagePrefix: given.RUNNEL_IMAGE_PREFIX,
      runtime: given.RUNNEL_RUNTIME,
    }
  })
export type WorkerConfig = z.output<typeof configSchema>
