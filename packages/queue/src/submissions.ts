import { RequestError } from '@runnel/contract/public'
import { type Redis, type RedisKeys, toDigest } from '@runnel/redis'

/** What the caller sends so that submitting again returns the first job. */
export interface Idempotency {
  /** The caller's key for this submission. It can be any text. */
  readonly key: string
  /** A digest of what was submitted. */
  readonly fingerprint: string
}

export const keyReused = (): RequestError =>
  new RequestError(
    'idempotency-key-reused',
    'Cannot take this job: another one was submitted under its idempotency key; use a new key, or send the same request again',
  )

export const toSubmissionKey = (keys: RedisKeys, tenantId: string, key: string): string =>
  keys.submission(tenantId, toDigest(key))

/** The job of the first submission with this key. Undefined if there was none. */
export const findSubmission = async (
  redis: Redis,
  keys: RedisKeys,
  tenantId: string,
  { key, fingerprint }: Idempotency,
): Promise<string | undefined> => {
  const [job, known] = await redis.hmget(toSubmissionKey(keys, tenantId, key), 'job', 'fingerprint')
  if (job === null || job === undefined) return undefined
  if (known !== fingerprint) throw keyReused()
  return job
}
