import { ALL_LANGUAGES, readLanguageList } from '@runnel/languages'
import { z } from 'zod'
import { isLoopback } from './browser-guard.ts'

const wholeNumber = z
  .string()
  .regex(/^\d{1,15}$/, 'must be a whole number')
  .transform(Number)

const languagesSchema = z
  .string()
  .default(ALL_LANGUAGES)
  .transform((list, context) => {
    const languages = readLanguageList(list)
    if (languages !== undefined) return languages
    context.addIssue({ code: 'custom', message: `must be a comma list of ${ALL_LANGUAGES}` })
    return z.NEVER
  })

const originsSchema = z
  .string()
  .default('')
  .transform((list) =>
    list
      .split(',')
      .map((origin) => origin.trim())
      .filter((origin) => origin !== ''),
  )
  .refine((origins) => origins.every((origin) => URL.canParse(origin) && new URL(origin).origin === origin), {
    error: 'must be a comma list of origins such as https://app.example.org',
  })

/** What the API reads from its environment besides the limits; everything has a default. */
export const configSchema = z
  .object({
    REDIS_URL: z
      .url({ protocol: /^rediss?$/, error: 'must be a redis:// or rediss:// URL' })
      .default('redis://127.0.0.1:6379'),
    /** Every key in Redis begins with it. The braces keep them in one slot of a Redis Cluster. */
    RUNNEL_PREFIX: z
      .string()
      .regex(/^[\w{}.-]{1,64}$/, 'must be up to 64 letters, digits, braces, dots, dashes and underscores')
      .default('{runnel}'),
    RUNNEL_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
    RUNNEL_LANGUAGES: languagesSchema,
    /** How long a finished job can be asked about: a day, enough for a conversation to come back to it. */
    RUNNEL_RETENTION_MS: wholeNumber.pipe(z.int().min(1_000)).default(24 * 60 * 60 * 1_000),
    RUNNEL_API_HOST: z.string().default('127.0.0.1'),
    RUNNEL_API_PORT: wholeNumber.pipe(z.int().max(65_535)).default(8080),
    RUNNEL_API_ALLOW_PUBLIC: z.enum(['true', 'false']).default('false'),
    /** Web pages, by their origin, that may call the API from a browser. */
    RUNNEL_API_ORIGINS: originsSchema,
  })
  .superRefine((given, context) => {
    if (isLoopback(given.RUNNEL_API_HOST) || given.RUNNEL_API_ALLOW_PUBLIC === 'true') return
    context.addIssue({
      code: 'custom',
      path: ['RUNNEL_API_HOST'],
      message:
        'must be a loopback address such as 127.0.0.1 (there are no keys yet, so anyone who reaches the port can run code; set RUNNEL_API_ALLOW_PUBLIC=true where something else keeps strangers out)',
    })
  })
  .transform((given) => ({
    redisUrl: given.REDIS_URL,
    prefix: given.RUNNEL_PREFIX,
    logLevel: given.RUNNEL_LOG_LEVEL,
    languages: given.RUNNEL_LANGUAGES,
    retentionMs: given.RUNNEL_RETENTION_MS,
    host: given.RUNNEL_API_HOST,
    port: given.RUNNEL_API_PORT,
    browsers: {
      hosts: given.RUNNEL_API_ALLOW_PUBLIC === 'true' ? ('any' as const) : ('loopback' as const),
      origins: given.RUNNEL_API_ORIGINS,
    },
  }))
