import { z } from 'zod'

export const wholeNumber = z
  .string()
  .regex(/^\d{1,15}$/, 'must be a whole number')
  .transform(Number)

const DAY_MS = 24 * 60 * 60 * 1_000

/** What every process reads from its environment; each app's own schema adds to it. */
export const commonConfig = {
  REDIS_URL: z
    .url({ protocol: /^rediss?$/, error: 'must be a redis:// or rediss:// URL' })
    .default('redis://127.0.0.1:6379'),
  /** Every key in Redis begins with it. The braces keep them in one slot of a Redis Cluster. */
  RUNNEL_PREFIX: z
    .string()
    .regex(/^[\w{}.-]{1,64}$/, 'must be up to 64 letters, digits, braces, dots, dashes and underscores')
    .default('{runnel}'),
  RUNNEL_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** How long a finished job can be asked about: a day, enough for a conversation to come back to it. */
  RUNNEL_RETENTION_MS: wholeNumber.pipe(z.int().min(1_000)).default(DAY_MS),
}
