import type { ClientFrame, Job } from '@runnel/contract/public'
import type { Audit } from '../access/audit.ts'
import { type Caller, requireJob, requireScope, requireSubmissions } from '../access/caller.ts'
import type { Backend } from '../backend.ts'
import { followJob } from '../events/follow-job.ts'
import { cancelJob } from '../jobs/cancel-job.ts'
import { createJob, type Deployment } from '../jobs/create-job.ts'
import { toOnce } from '../jobs/idempotency.ts'
import { requireLog } from '../jobs/read-job.ts'
import { sendInput, sendSignal } from '../jobs/send-control.ts'
import { submitJob } from '../jobs/submit-job.ts'
import type { Dependents } from './dependents.ts'
import type { Follow, Subscriptions } from './subscriptions.ts'

/** What a frame is answered with, and what begins once that answer is on its way: events come after it, never before. */
interface Answered {
  readonly accepted?: Job
  readonly begin?: () => void
}

/** Throws where the caller may not do this, or not to this job. */
const requireLeave = (caller: Caller, frame: ClientFrame): void => {
  switch (frame.type) {
    case 'submit':
      // With it goes to follow what was submitted.
      requireSubmissions(caller)
      return
    case 'subscribe':
      requireScope(caller, 'read')
      break
    case 'unsubscribe':
      break
    default:
      requireScope(caller, 'submit')
  }
  requireJob(caller, frame.jobId)
}

export const answerFrame = async (
  frame: ClientFrame,
  {
    backend,
    deployment,
    subscriptions,
    dependents,
    caller,
    audit,
    count,
  }: {
    backend: Backend
    deployment: Deployment
    subscriptions: Subscriptions
    dependents: Dependents
    caller: Caller
    audit: Audit
    /** Counts a submission; throws where it is one too many. */
    count: () => Promise<void>
  },
): Promise<Answered> => {
  requireLeave(caller, frame)
  switch (frame.type) {
    case 'submit': {
      if (frame.subscribe) subscriptions.requireRoom()
      const { tenant, ticket } = caller
      const job = createJob(deployment, tenant, frame.job)
      if (frame.job.cancelOnDisconnect) dependents.requireRoom()
      await count()
      const submit = async (): Promise<Job> => {
        const options = { tenant: tenant.limits, audit, ...toOnce(frame.idempotencyKey, frame.job) }
        const accepted = await submitJob(backend, job, options)
        ticket?.jobIds.add(accepted.id)
        if (frame.job.cancelOnDisconnect) dependents.add(accepted.id)
        return accepted
      }
      if (!frame.subscribe) return { accepted: await submit() }
      const expected = backend.subscriber.expect(job.id)
      try {
        const accepted = await submit()
        const { id } = accepted
        const isFirst = id === job.id
        if (!isFirst) expected[Symbol.dispose]()
        const follow: Follow = async (signal, receive) => {
          await (isFirst ? expected.follow({ signal }, receive) : followJob(backend, id, { signal }, receive))
          if (!signal.aborted) dependents.remove(id)
        }
        return { accepted, begin: () => subscriptions.add(id, follow) }
      } catch (error) {
        expected[Symbol.dispose]()
        throw error
      }
    }
    case 'subscribe': {
      const { jobId, after } = frame
      subscriptions.requireRoom(jobId)
      await requireLog(backend, jobId)
      const follow: Follow = (signal, receive) => followJob(backend, jobId, { after, signal }, receive)
      return { begin: () => subscriptions.add(jobId, follow) }
    }
    case 'unsubscribe':
      subscriptions.remove(frame.jobId)
      return {}
    case 'stdin':
      await sendInput(backend, frame.jobId, frame)
      return {}
    case 'signal':
      await sendSignal(backend, frame.jobId, frame.signal)
      return {}
    case 'cancel':
      await cancelJob(backend, frame.jobId, audit)
      return {}
  }
}
