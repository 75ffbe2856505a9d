import { ALL_LANGUAGES, readLanguageList } from '@runnel/languages'
import { readFilesConfig, SETTINGS, toRedisUrl } from '@runnel/process'
import { z } from 'zod'
import { isLoopback } from './browser-guard.ts'
import { checkLimits, readLimitsPolicy } from './limits-config.ts'
import { readPreviewDomain } from './previews/preview-domain.ts'
import { checkSandboxLimits, readSandboxPolicy } from './sandbox-limits-config.ts'
import { checkServeLimits, readServePolicy } from './serve-limits-config.ts'

/** The settings of the API, by the names that its parts give them. */
export const configSchema = z
  .object(SETTINGS.api)
  .superRefine(checkLimits)
  .superRefine(checkSandboxLimits)
  .superRefine(checkServeLimits)
  .transform((given, context) => {
    const languages = readLanguageList(given.RUNNEL_LANGUAGES ?? ALL_LANGUAGES)
    if (languages === undefined) {
      const message = `must be a comma list of ${ALL_LANGUAGES}`
      context.addIssue({ code: 'custom', path: ['RUNNEL_LANGUAGES'], message })
      return z.NEVER
    }
    return {
      redisUrl: toRedisUrl(given),
      prefix: given.RUNNEL_PREFIX,
      logLevel: given.RUNNEL_LOG_LEVEL,
      languages,
      retentionMs: given.RUNNEL_RETENTION_MS,
      host: given.RUNNEL_API_HOST,
      port: given.RUNNEL_API_PORT,
      /** Only this machine can reach it. */
      isPrivate: isLoopback(given.RUNNEL_API_PUBLISHED_ON ?? given.RUNNEL_API_HOST),
      noWorkerTimeoutMs: given.RUNNEL_NO_WORKER_TIMEOUT_MS,
      session: { idleMs: given.RUNNEL_SESSION_IDLE_MS, lifetimeMs: given.RUNNEL_SESSION_LIFETIME_MS },
      origins: given.RUNNEL_API_ORIGINS,
      streamsPerTenant: given.RUNNEL_MAX_STREAMS_PER_TENANT,
      maximumConnections: given.RUNNEL_MAX_CONNECTIONS,
      trustedProxies: given.RUNNEL_API_TRUSTED_PROXIES,
      previewDomain: readPreviewDomain(given.RUNNEL_PREVIEW_DOMAIN),
      frameAncestors: given.RUNNEL_PREVIEW_FRAME_ANCESTORS,
      keptBounds: { all: given.RUNNEL_MAX_KEPT_BYTES, tenant: given.RUNNEL_MAX_KEPT_BYTES_PER_TENANT },
      files: readFilesConfig(given),
      bounds: {
        queued: given.RUNNEL_MAX_QUEUED,
        tenant: { queued: given.RUNNEL_MAX_QUEUED_PER_TENANT, running: given.RUNNEL_MAX_RUNNING_PER_TENANT },
      },
      policy: readLimitsPolicy(given),
      sandboxPolicy: readSandboxPolicy(given),
      servePolicy: readServePolicy(given),
      sandboxesPerTenant: given.RUNNEL_MAX_SANDBOXES_PER_TENANT,
    }
  })
