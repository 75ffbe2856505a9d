import { createHash, randomBytes } from 'node:crypto'

const RANDOM_BYTES = 10
const MARK_DIGITS = 12

/**
 * Theory of operation. A job's id can be checked against a tenant's id:
 *
 *   job_ <80 random bits> <48 bits of SHA-256 over the tenant and those>
 *
 * So whether a job is a tenant's is known without asking Redis, on every request, before anything else is done; and an
 * id of somebody else's job is refused by the very same work as one that never was. The random bits keep ids from being
 * guessed, and from meeting: at ten million jobs a day two of one day do so once in millions of years.
 */
const toMark = (tenantId: string, random: string): string =>
  createHash('sha256').update(`${tenantId}\n${random}`).digest('hex').slice(0, MARK_DIGITS)

export const createJobId = (tenantId: string): string => {
  const random = randomBytes(RANDOM_BYTES).toString('hex')
  return `job_${random}${toMark(tenantId, random)}`
}

const ID = new RegExp(`^job_([0-9a-f]{${RANDOM_BYTES * 2}})([0-9a-f]{${MARK_DIGITS}})$`)

/** Whether a job of this id can be the tenant's. What is no id at all is nobody's. */
export const isJobOf = (tenantId: string, jobId: string): boolean => {
  const [, random, mark] = ID.exec(jobId) ?? []
  return random !== undefined && mark === toMark(tenantId, random)
}
