import { isIP } from 'node:net'
import { ALL_LANGUAGES, readLanguageList } from '@runnel/languages'
import { NO_WORKER_TIMEOUT_MS } from '@runnel/operations'
import { commonConfig, wholeNumber } from '@runnel/process'
import { QUEUE_BOUNDS } from '@runnel/queue/producer'
import { z } from 'zod'
import { STREAMS_PER_TENANT } from './access/stream-room.ts'
import { isLoopback } from './browser-guard.ts'

const languagesSchema = z
  .string()
  .default(ALL_LANGUAGES)
  .transform((list, context) => {
    const languages = readLanguageList(list)
    if (languages !== undefined) return languages
    context.addIssue({ code: 'custom', message: `must be a comma list of ${ALL_LANGUAGES}` })
    return z.NEVER
  })

/** Memory, not this, is what ends first; see QUEUE_BOUNDS for the reasons of the defaults. */
const boundSchema = wholeNumber.pipe(z.int().min(1).max(10_000_000))

const commaList = z
  .string()
  .default('')
  .transform((list) =>
    list
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== ''),
  )

const isNetwork = (text: string): boolean => {
  const [address = '', bits = '0', ...more] = text.split('/')
  return (
    isIP(address) !== 0 &&
    more.length === 0 &&
    /^\d{1,3}$/.test(bits) &&
    Number(bits) <= (isIP(address) === 4 ? 32 : 128)
  )
}

const proxiesSchema = commaList.refine((networks) => networks.every(isNetwork), {
  error: 'must be a comma list of addresses or networks such as 10.0.0.0/8',
})

const originsSchema = commaList.refine(
  (origins) => origins.every((origin) => URL.canParse(origin) && new URL(origin).origin === origin),
  {
    error: 'must be a comma list of origins such as https://app.example.org',
  },
)

/** What the API reads from its environment besides the limits; everything has a default. */
export const configSchema = z
  .object({
    ...commonConfig,
    RUNNEL_LANGUAGES: languagesSchema,
    RUNNEL_API_HOST: z.string().default('127.0.0.1'),
    RUNNEL_API_PORT: wholeNumber.pipe(z.int().max(65_535)).default(8080),
    /** The address of the host that leads here, where that is not RUNNEL_API_HOST itself: a container cannot see it. */
    RUNNEL_API_PUBLISHED_ON: z.string().optional(),
    /** Addresses of proxies, whose X-Forwarded-For is believed. */
    RUNNEL_API_TRUSTED_PROXIES: proxiesSchema,
    /** Jobs that may wait, of all tenants together, and of one that was given nothing else; beyond them a submission is 429. */
    RUNNEL_MAX_QUEUED: boundSchema.default(QUEUE_BOUNDS.queued),
    RUNNEL_MAX_QUEUED_PER_TENANT: boundSchema.default(QUEUE_BOUNDS.tenant.queued),
    /** Jobs of one tenant that may run at once, on all workers together; the others wait, and hold up nobody. */
    RUNNEL_MAX_RUNNING_PER_TENANT: boundSchema.default(QUEUE_BOUNDS.tenant.running),
    /** How long jobs wait while no worker is ready; then they end as `sandbox-failed`. */
    RUNNEL_NO_WORKER_TIMEOUT_MS: wholeNumber.pipe(z.int().min(1_000)).default(NO_WORKER_TIMEOUT_MS),
    /** WebSockets and streams of events of one tenant that this process holds open; another one is 429. */
    RUNNEL_MAX_STREAMS_PER_TENANT: boundSchema.default(STREAMS_PER_TENANT),
    /** Web pages, by their origin, that may call the API from a browser. */
    RUNNEL_API_ORIGINS: originsSchema,
  })
  .transform((given) => ({
    redisUrl: given.REDIS_URL,
    prefix: given.RUNNEL_PREFIX,
    logLevel: given.RUNNEL_LOG_LEVEL,
    languages: given.RUNNEL_LANGUAGES,
    retentionMs: given.RUNNEL_RETENTION_MS,
    host: given.RUNNEL_API_HOST,
    port: given.RUNNEL_API_PORT,
    /** Only this machine can reach it. */
    isPrivate: isLoopback(given.RUNNEL_API_PUBLISHED_ON ?? given.RUNNEL_API_HOST),
    noWorkerTimeoutMs: given.RUNNEL_NO_WORKER_TIMEOUT_MS,
    origins: given.RUNNEL_API_ORIGINS,
    streamsPerTenant: given.RUNNEL_MAX_STREAMS_PER_TENANT,
    trustedProxies: given.RUNNEL_API_TRUSTED_PROXIES,
    bounds: {
      queued: given.RUNNEL_MAX_QUEUED,
      tenant: { queued: given.RUNNEL_MAX_QUEUED_PER_TENANT, running: given.RUNNEL_MAX_RUNNING_PER_TENANT },
    },
  }))
