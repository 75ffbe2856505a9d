import { randomUUID } from 'node:crypto'
import type { Publisher } from '@runnel/output/publisher'
import type { Logger } from '@runnel/process'
import type { UnreadableJob } from '@runnel/queue/consumer'

/** Ends a job that cannot be read from the queue, so that its watchers get an outcome and the worker's log has the reason. */
export const createFailUnreadableJob =
  ({ publisher, log }: { readonly publisher: Publisher; readonly log: Logger }) =>
  async ({ jobId, attempt, error }: UnreadableJob): Promise<void> => {
    const reference = randomUUID()
    log.error({ jobId, attempt, reference, err: error }, 'A queued job cannot be read')
    const jobLog = publisher.open(jobId, attempt)
    if ((await jobLog.start()) === 'started') await jobLog.finish({ type: 'sandbox-failed', reference }, null)
  }
