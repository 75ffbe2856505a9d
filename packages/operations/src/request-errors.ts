import { RequestError } from '@runnel/contract/public'
import { JobNotFoundError, LogGoneError } from '@runnel/output/subscriber'
import { isRedisOutage } from '@runnel/redis'
import type { OperationParts } from './parts.ts'

export const jobNotFound = (): RequestError =>
  new RequestError('job-not-found', 'There is no job with this id; a finished one is kept only for a while')

export const redisUnavailable = (cause?: unknown): RequestError =>
  new RequestError('redis-unavailable', 'Redis cannot be reached at the moment: try again shortly', { cause })

const eventsLost = (cause: Error): RequestError =>
  new RequestError(
    'events-lost',
    'Cannot continue with the events of this job: Redis has lost some of them; read the job, then follow it again from the start',
    { cause },
  )

/** BullMQ waits for a connection that is not ready. Our callers get an error at once instead. */
export const requireRedis = ({ redis }: OperationParts): void => {
  if (redis.status !== 'ready') throw redisUnavailable()
}

/** Any error as a RequestError. One that we do not know is our own fault: it becomes `internal` and its message stays inside. */
export const toRequestError = (error: unknown): RequestError => {
  if (error instanceof RequestError) return error
  if (error instanceof JobNotFoundError) return jobNotFound()
  if (error instanceof LogGoneError) return eventsLost(error)
  if (isRedisOutage(error)) return redisUnavailable(error)
  const message = 'Something went wrong on our side; the log has it under this requestId'
  return new RequestError('internal', message, { cause: error })
}
