import { randomUUID } from 'node:crypto'
import type { Publisher } from '@runnel/output/publisher'
import type { Logger } from '@runnel/process'
import type { UnreadableJob } from '@runnel/queue/consumer'

/** Ends a job that cannot be read from the queue, so that whoever waits for it is told, and finds out why in our log. */
export const createRefuseJob =
  ({ publisher, log }: { readonly publisher: Publisher; readonly log: Logger }) =>
  async ({ jobId, attempt, error }: UnreadableJob): Promise<void> => {
    const reference = randomUUID()
    log.error({ jobId, attempt, reference, err: error }, 'A queued job cannot be read')
    const jobLog = publisher.open(jobId, attempt)
    if ((await jobLog.start()) === 'started') await jobLog.finish({ type: 'sandbox-failed', reference }, null)
  }
