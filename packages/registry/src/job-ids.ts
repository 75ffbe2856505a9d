import { createHmac, randomBytes } from 'node:crypto'
import { createRedisKeys, type Redis } from '@runnel/redis'

const SECRET_BYTES = 32

/**
 * A job's id can be checked against a tenant's id:
 *
 *   job_ <80 random bits> <48 bits of HMAC-SHA-256 over the tenant and those, with the secret of this Redis>
 *
 * 1. Every request can be checked first, without asking Redis, for whether the job belongs to the tenant.
 * 2. The id of another tenant's job and an id that never existed are refused by the same work, so the time shows nothing.
 * 3. Without the secret, an id does not show its tenant: nobody can try names of tenants on an id that was shared.
 * 4. The random bits make ids impossible to guess. At ten million jobs a day, two jobs of one day get the same bits once in
 *    millions of years.
 *
 * The first job makes the secret, in Redis, so all API processes have the same. Each keeps it until its connection breaks: a Redis
 * that comes back may have lost it, and all jobs with it.
 */
export interface JobIds {
  create(tenantId: string): Promise<string>
  /** Whether a job with this id can belong to the tenant. False if the text is not a job id. */
  isOf(tenantId: string, jobId: string): Promise<boolean>
}

interface Kind {
  readonly prefix: string
  readonly randomBytes: number
  readonly markDigits: number
  /** What the mark is made over, before the random part. Another text for each kind. */
  readonly toText: (tenantId: string) => string
}

const JOB: Kind = { prefix: 'job_', randomBytes: 10, markDigits: 12, toText: (tenantId) => tenantId }
/** The same with fewer digits: a host name takes 63 characters. `\n` is in no tenant's id. */
const SANDBOX: Kind = { prefix: 'sbx-', randomBytes: 7, markDigits: 10, toText: (tenantId) => `sandbox\n${tenantId}` }

interface Place {
  readonly redis: Redis
  readonly prefix: string
}

export const createJobIds = (place: Place): JobIds => createIds(place, JOB)
/** Ids of sandboxes, as a host name takes them. */
export const createSandboxIds = (place: Place): JobIds => createIds(place, SANDBOX)

const createIds = ({ redis, prefix }: Place, kind: Kind): JobIds => {
  const { jobIdSecret } = createRedisKeys(prefix)
  const pattern = new RegExp(`^${kind.prefix}([0-9a-f]{${kind.randomBytes * 2}})([0-9a-f]{${kind.markDigits}})$`)
  const toMark = (secret: string, tenantId: string, random: string): string =>
    createHmac('sha256', secret)
      .update(`${kind.toText(tenantId)}\n${random}`)
      .digest('hex')
      .slice(0, kind.markDigits)
  let known: string | undefined
  redis.on('ready', () => {
    known = undefined
  })

  /** Undefined if there is none: no job was made yet. */
  const read = async (): Promise<string | undefined> => {
    known ??= (await redis.get(jobIdSecret)) ?? undefined
    return known
  }
  const make = async (): Promise<string> => {
    await redis.set(jobIdSecret, randomBytes(SECRET_BYTES).toString('hex'), 'NX')
    const made = await read()
    if (made === undefined) throw new Error('Redis has no secret for the ids of jobs right after it was written')
    return made
  }

  return {
    async create(tenantId) {
      const secret = (await read()) ?? (await make())
      const random = randomBytes(kind.randomBytes).toString('hex')
      return `${kind.prefix}${random}${toMark(secret, tenantId, random)}`
    },
    async isOf(tenantId, jobId) {
      const [, random, mark] = pattern.exec(jobId) ?? []
      if (random === undefined) return false
      const secret = await read()
      return secret !== undefined && mark === toMark(secret, tenantId, random)
    },
  }
}
