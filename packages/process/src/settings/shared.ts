import { z } from 'zod'
import { oneOf, optionalSetting, setting, text, wholeNumber } from './setting.ts'

const DAY_MS = 24 * 60 * 60 * 1_000

export const redis = {
  REDIS_URL: setting(
    text(
      '`redis://` or `rediss://` URL',
      z.url({ protocol: /^rediss?$/, error: 'must be a redis:// or rediss:// URL' }),
    ),
    {
      default: 'redis://127.0.0.1:6379',
      does: 'Where Redis is. `rediss://` uses TLS; a user and a password go into the URL.',
      reason: 'A Redis on the same machine, at its usual port.',
    },
  ),
  REDIS_PASSWORD_FILE: optionalSetting(text('path of a file'), {
    absent: 'the password in `REDIS_URL`, if there is one',
    does: 'A file with the password of the user in `REDIS_URL`. It is read at start.',
    reason: 'Docker Compose makes the passwords, and gives each service its own as a file.',
  }),
  RUNNEL_PREFIX: setting(
    text(
      'up to 64 letters, digits, `{`, `}`, `.`, `-` and `_`',
      z.string().regex(/^[\w{}.-]{1,64}$/, 'must be up to 64 letters, digits, braces, dots, dashes and underscores'),
    ),
    {
      default: '{runnel}',
      does: 'Every key in Redis starts with it. Two installations on one Redis need two prefixes.',
      reason: 'The braces keep all keys in one slot of a Redis Cluster.',
    },
  ),
}

export const log = {
  RUNNEL_LOG_LEVEL: setting(oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'), {
    default: 'info',
    does: 'The least serious lines that are logged.',
    reason: 'One line for each finished job, and what an operator has to know.',
  }),
}

export const jobs = {
  RUNNEL_LANGUAGES: optionalSetting(text('comma list of ids or aliases'), {
    absent: 'all languages',
    does: 'The languages that jobs may use. A worker keeps ready containers for each of them.',
    reason: 'Name only those that you use: each costs memory for its ready containers.',
  }),
  RUNNEL_RETENTION_MS: setting(wholeNumber(1_000), {
    unit: 'ms',
    default: DAY_MS,
    does: 'How long Redis keeps a job, its events and its idempotency key after it finished.',
    reason: 'A day: long enough for a conversation to come back to its job.',
  }),
}

const keptBytes = wholeNumber(1_048_576)

export const store = {
  RUNNEL_MAX_KEPT_BYTES: setting(keptBytes, {
    unit: 'bytes',
    default: 512 * 1_048_576,
    does: 'How many bytes of jobs Redis keeps: programs, input and output, of all tenants together. Above that the output of finished jobs is dropped, oldest first.',
    reason:
      'Half of the `maxmemory` of the Redis that comes with Runnel. Redis needs up to 1.2 times as much memory as is counted here, which is well below the three quarters at which submissions are refused.',
  }),
  RUNNEL_MAX_KEPT_BYTES_PER_TENANT: setting(keptBytes, {
    unit: 'bytes',
    default: 256 * 1_048_576,
    does: 'The same for the jobs of one tenant.',
    reason: 'Half of all: no tenant alone can make Redis drop what others printed.',
  }),
}

export const images = {
  RUNNEL_IMAGE_PREFIX: setting(text('text'), {
    default: 'runnel/',
    does: 'What comes before the names of the images: `runnel/` and `python` give `runnel/python`. Workers and the Docker proxy need the same.',
    reason: 'The images that this repository builds have these names.',
  }),
  RUNNEL_RUNTIME: optionalSetting(text('name of an OCI runtime'), {
    absent: "the engine's default",
    does: 'The OCI runtime of the containers, for example `runsc`. Workers and the Docker proxy need the same.',
    reason: 'Every engine has a default one.',
  }),
}
