import { createHash, randomBytes } from 'node:crypto'

const RANDOM_BYTES = 10
const MARK_DIGITS = 12

/**
 * A job's id can be checked against a tenant's id:
 *
 *   job_ <80 random bits> <48 bits of SHA-256 over the tenant and those>
 *
 * 1. Every request can be checked first, without asking Redis, for whether the job belongs to the tenant.
 * 2. The id of another tenant's job and an id that never existed are refused by the same work, so the time shows nothing.
 * 3. The random bits make ids impossible to guess. At ten million jobs a day, two jobs of one day get the same bits once in
 *    millions of years.
 */
const toMark = (tenantId: string, random: string): string =>
  createHash('sha256').update(`${tenantId}\n${random}`).digest('hex').slice(0, MARK_DIGITS)

export const createJobId = (tenantId: string): string => {
  const random = randomBytes(RANDOM_BYTES).toString('hex')
  return `job_${random}${toMark(tenantId, random)}`
}

const ID = new RegExp(`^job_([0-9a-f]{${RANDOM_BYTES * 2}})([0-9a-f]{${MARK_DIGITS}})$`)

/** Whether a job with this id can belong to the tenant. False if the text is not a job id. */
export const isJobOf = (tenantId: string, jobId: string): boolean => {
  const [, random, mark] = ID.exec(jobId) ?? []
  return random !== undefined && mark === toMark(tenantId, random)
}
