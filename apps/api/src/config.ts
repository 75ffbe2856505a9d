import { ALL_LANGUAGES, readLanguageList } from '@runnel/languages'
import { commonConfig, wholeNumber } from '@runnel/process'
import { z } from 'zod'
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
    ...commonConfig,
    RUNNEL_LANGUAGES: languagesSchema,
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
