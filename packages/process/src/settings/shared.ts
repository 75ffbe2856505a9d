import { fileURLToPath } from 'node:url'
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

const MIB = 1_048_576

export const files = {
  RUNNEL_BLOBS_FOLDER: setting(text('path of a folder'), {
    default: fileURLToPath(new URL('../../../../.runnel/blobs', import.meta.url)),
    defaultText: '`.runnel/blobs` of the checkout',
    does: 'Where the bytes of files are kept. The API and all workers need the same folder: on one host, or on a disk that hosts share. Not used with a bucket.',
    reason: 'It needs no other server. Docker Compose uses a volume.',
  }),
  RUNNEL_BLOBS_BUCKET: optionalSetting(text('name of a bucket'), {
    absent: 'the folder',
    does: 'Keeps files in this bucket of an S3 server. Credentials come from where the AWS library finds them, such as `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`.',
    reason: 'Workers on several hosts reach a bucket without a shared disk.',
  }),
  RUNNEL_BLOBS_ENDPOINT: optionalSetting(
    text('`http://` or `https://` URL', z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })),
    {
      absent: 'that of AWS for the region',
      does: 'Where the S3 server is, if it is not AWS.',
      reason: 'Any server that speaks S3 will do.',
    },
  ),
  RUNNEL_BLOBS_REGION: setting(text('name of a region'), {
    default: 'us-east-1',
    does: 'The region of the bucket.',
    reason: 'What servers that have no regions expect.',
  }),
  RUNNEL_BLOBS_BUCKET_IN: setting(oneOf('path', 'host'), {
    default: 'path',
    does: 'Where the name of the bucket is in a URL.',
    reason: 'Almost every S3 server takes it in the path, and AWS takes both.',
  }),
  RUNNEL_BLOBS_CHECKSUMS: setting(oneOf('when-required', 'when-supported'), {
    default: 'when-required',
    does: 'Whether requests carry the checksums of newer S3 servers where they need not.',
    reason: 'Servers that do not know them refuse such requests, or take the checksum for a part of the bytes.',
  }),
  RUNNEL_FILE_RETENTION_MS: setting(wholeNumber(1_000), {
    unit: 'ms',
    default: 7 * DAY_MS,
    does: 'How long a file is kept after it was stored.',
    reason: 'A week: longer than the job that made it, so that its owner comes back in time.',
  }),
  RUNNEL_MAX_FILE_BYTES: setting(wholeNumber(1), {
    unit: 'bytes',
    default: 1_024 * MIB,
    does: 'The largest file.',
    reason: 'As large as the largest disk of a job.',
  }),
  RUNNEL_MAX_FILES_PER_TENANT: setting(wholeNumber(1, 10_000_000), {
    unit: 'files',
    default: 10_000,
    does: 'Files that one tenant may keep, unless the tenant has a bound of its own.',
    reason: 'As many as jobs that may wait. Each costs Redis some 600 bytes.',
  }),
  RUNNEL_MAX_FILE_BYTES_PER_TENANT: setting(wholeNumber(1), {
    unit: 'bytes',
    default: 5_120 * MIB,
    does: 'Bytes of all files that one tenant may keep, unless the tenant has a bound of its own.',
    reason: 'Five of the largest. The disk of a small machine has room for a few tenants who use it all.',
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
