import type { ClientFrame, Job } from '@runnel/contract/public'
import type { AuditLog, Operations } from '@runnel/operations'
import type { JobIds } from '@runnel/registry'
import { type Caller, requireJob, requireScope, requireSubmissions } from '../access/caller.ts'
import { requireOutput, showJob } from '../access/output-rule.ts'
import type { Dependents } from './dependents.ts'
import type { Follow, Subscriptions } from './subscriptions.ts'

/** The answer to a frame, and what starts when it has been sent: events come after the answer, never before. */
interface Answered {
  readonly accepted?: Job
  readonly start?: () => void
}

/** Throws if the caller may not do this, or not with this job. */
const requirePermission = async (jobIds: JobIds, caller: Caller, frame: ClientFrame): Promise<void> => {
  switch (frame.type) {
    case 'submit':
      requireSubmissions(caller)
      if (frame.subscribe) requireOutput(caller, 'send `subscribe: false`')
      return
    case 'subscribe':
      requireScope(caller, 'read')
      break
    case 'unsubscribe':
      break
    case 'ping':
      return
    default:
      requireScope(caller, 'submit')
  }
  await requireJob(jobIds, caller, frame.jobId)
}

export const answerFrame = async (
  frame: ClientFrame,
  {
    operations,
    jobIds,
    subscriptions,
    dependents,
    caller,
    auditLog,
    count,
  }: {
    operations: Operations
    jobIds: JobIds
    subscriptions: Subscriptions
    dependents: Dependents
    caller: Caller
    auditLog: AuditLog
    /** Counts a submission. Throws if it is one too many. */
    count: () => Promise<void>
  },
): Promise<Answered> => {
  await requirePermission(jobIds, caller, frame)
  const requester = { tenant: caller.tenant, keyId: caller.keyId, auditLog }
  switch (frame.type) {
    case 'submit': {
      const { job: submission, idempotencyKey, subscribe } = frame
      if (subscribe) subscriptions.requireRoom()
      const options = {
        idempotencyKey,
        admit: async (): Promise<void> => {
          if (submission.cancelOnDisconnect) dependents.requireRoom()
          await count()
        },
      }
      const remember = ({ id }: Job): void => {
        caller.ticket?.jobIds.add(id)
        if (submission.cancelOnDisconnect) dependents.add(id)
      }
      if (!subscribe) {
        const { job } = await operations.submit(requester, submission, options)
        remember(job)
        return { accepted: showJob(caller, job) }
      }
      const { job, follow } = await operations.submitAndFollow(requester, submission, options)
      remember(job)
      return { accepted: job, start: () => subscriptions.add(job.id, follow) }
    }
    case 'subscribe': {
      const { jobId, after } = frame
      subscriptions.requireRoom(jobId)
      await operations.requireJob(requester, jobId)
      const follow: Follow = (signal) => operations.follow(requester, jobId, { after, signal })
      return { start: () => subscriptions.add(jobId, follow) }
    }
    case 'ping':
      return {}
    case 'unsubscribe':
      subscriptions.remove(frame.jobId)
      return {}
    case 'stdin':
      await operations.sendInput(requester, frame.jobId, frame)
      return {}
    case 'signal':
      await operations.sendSignal(requester, frame.jobId, frame.signal)
      return {}
    case 'resize':
      await operations.sendResize(requester, frame.jobId, frame)
      return {}
    case 'cancel':
      await operations.cancel(requester, frame.jobId)
      return {}
  }
}
