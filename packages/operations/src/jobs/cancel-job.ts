import type { Job } from '@runnel/contract/public'
import type { Requester } from '../requester.ts'
import type { SandboxParts } from '../sandboxes/sandbox-parts.ts'
import { endSite } from '../sites/end-site.ts'
import { isSite } from '../sites/is-site.ts'
import { findEndCommands } from './find-end-commands.ts'
import { readJob, requireSummary } from './read-job.ts'
import { cancelInSandbox } from './run-in-sandbox.ts'

/**
 * Cancels a queued job directly, a running one by a message to its worker. One atomic step on the log decides which of
 * the two it is: a worker that takes the job at this moment finds it finished and drops it. Canceling again, or
 * canceling a finished job, changes nothing. A job that has a sandbox is canceled there.
 */
export const cancelJob = async (parts: SandboxParts, { auditLog }: Requester, id: string): Promise<Job> => {
  const { logWriter, producer, recorder } = parts
  const summary = await requireSummary(parts, id)
  const { sandboxId } = summary
  if (summary.status !== 'finished' && isSite(summary) && sandboxId !== undefined) {
    const site = await parts.records.read(sandboxId)
    if (site !== undefined) await endSite(parts, site, 'deleted', { type: 'canceled' })
    auditLog('A job was canceled', { jobId: id })
  } else if (summary.status !== 'finished') {
    if (sandboxId !== undefined) await cancelInSandbox(parts, id, sandboxId, summary)
    else if (await logWriter.cancelQueued(id, await findEndCommands(parts, id))) {
      recorder.ended('canceled', {})
      await producer.retire(id)
    } else await producer.send(id, { type: 'cancel' })
    auditLog('A job was canceled', { jobId: id })
  }
  return readJob(parts, id)
}
