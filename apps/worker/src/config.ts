import { ALL_LANGUAGES, isOfPrograms, readLanguageList } from '@runnel/languages'
import { readFilesConfig, readListenAddress, SETTINGS, toRedisUrl } from '@runnel/process'
import { z } from 'zod'
import { readGatewayTls } from './read-tls.ts'

/** The settings of a worker, by the names that its parts give them. Docker's client reads its own variables itself. */
export const configSchema = z.object(SETTINGS.worker).transform((given, context) => {
  // Sites in HTML need no worker.
  const languages = readLanguageList(given.RUNNEL_LANGUAGES ?? ALL_LANGUAGES)?.filter(isOfPrograms)
  if (languages === undefined) {
    const message = `must be a comma list of ${ALL_LANGUAGES}`
    context.addIssue({ code: 'custom', path: ['RUNNEL_LANGUAGES'], message })
    return z.NEVER
  }
  return {
    redisUrl: toRedisUrl(given),
    prefix: given.RUNNEL_PREFIX,
    logLevel: given.RUNNEL_LOG_LEVEL,
    retentionMs: given.RUNNEL_RETENTION_MS,
    keptBounds: { all: given.RUNNEL_MAX_KEPT_BYTES, tenant: given.RUNNEL_MAX_KEPT_BYTES_PER_TENANT },
    files: readFilesConfig(given),
    path: given.PATH,
    languages,
    sandbox: given.RUNNEL_SANDBOX,
    concurrency: given.RUNNEL_CONCURRENCY,
    poolMin: given.RUNNEL_POOL_MIN,
    poolMax: given.RUNNEL_POOL_MAX,
    jobsPerCell: given.RUNNEL_JOBS_PER_CELL,
    shutdownGraceMs: given.RUNNEL_SHUTDOWN_GRACE_MS,
    lockMs: given.RUNNEL_LOCK_MS,
    engineTimeoutMs: given.RUNNEL_ENGINE_TIMEOUT_MS,
    killGraceMs: given.RUNNEL_KILL_GRACE_MS,
    cpus: given.RUNNEL_CPUS,
    imagePrefix: given.RUNNEL_IMAGE_PREFIX,
    runtime: given.RUNNEL_RUNTIME,
    maxSandboxes: given.RUNNEL_MAX_SANDBOXES,
    sandboxMemoryBytes: given.RUNNEL_SANDBOX_MEMORY_BYTES,
    sandboxPoolMin: given.RUNNEL_SANDBOX_POOL_MIN,
    gatewayListen: readListenAddress(given.RUNNEL_GATEWAY_LISTEN) ?? z.NEVER,
    gatewayUrl: given.RUNNEL_GATEWAY_URL,
    gatewayTls: readGatewayTls(given),
    /** undefined: nowhere. */
    listen: given.RUNNEL_WORKER_LISTEN === undefined ? undefined : readListenAddress(given.RUNNEL_WORKER_LISTEN),
  }
})
export type WorkerConfig = z.output<typeof configSchema>
