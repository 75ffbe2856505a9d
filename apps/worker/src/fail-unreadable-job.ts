import { randomUUID } from 'node:crypto'
import type { Publisher } from '@runnel/output/publisher'
import type { Logger } from '@runnel/process'
import type { UnreadableJob } from '@runnel/queue/consumer'
import type { History, JobRecorder } from '@runnel/registry'

/** Ends a job that cannot be read from the queue, so that its watchers get an outcome and the worker's log has the reason. */
export const createFailUnreadableJob =
  ({
    publisher,
    history,
    recorder,
    log,
  }: {
    readonly publisher: Publisher
    readonly history: Pick<History, 'find' | 'endCommands'>
    readonly recorder: JobRecorder
    readonly log: Logger
  }) =>
  async ({ jobId, attempt, error }: UnreadableJob): Promise<void> => {
    const reference = randomUUID()
    log.error({ jobId, attempt, reference, err: error }, 'A queued job cannot be read')
    const jobLog = publisher.open(jobId, attempt)
    const record = await history.find(jobId)
    if ((await jobLog.start()) !== 'started') return
    const written = await jobLog.finish({ type: 'sandbox-failed', reference }, null, (end) =>
      record === undefined ? [] : history.endCommands(record, end),
    )
    if (written === 'finished') recorder.ended('sandbox-failed', {})
  }
