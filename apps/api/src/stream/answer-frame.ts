import type { ClientFrame, Job } from '@runnel/contract'
import type { Language } from '@runnel/languages'
import type { Backend } from '../backend.ts'
import { toJobNotFound } from '../errors/to-request-error.ts'
import { followJob } from '../events/follow-job.ts'
import { cancelJob } from '../jobs/cancel-job.ts'
import { sendInput, sendSignal } from '../jobs/send-control.ts'
import { createJob, submitJob } from '../jobs/submit-job.ts'
import type { Follow, Subscriptions } from './subscriptions.ts'

/** What a frame is answered with, and what begins once that answer is on its way: events come after it, never before. */
interface Answered {
  readonly accepted?: Job
  readonly begin?: () => void
}

export const answerFrame = async (
  frame: ClientFrame,
  {
    backend,
    languages,
    subscriptions,
  }: { backend: Backend; languages: readonly Language[]; subscriptions: Subscriptions },
): Promise<Answered> => {
  switch (frame.type) {
    case 'submit': {
      if (frame.subscribe) subscriptions.requireRoom()
      const job = createJob(languages, frame.job)
      if (!frame.subscribe) return { accepted: await submitJob(backend, job) }
      const expected = backend.subscriber.expect(job.id)
      try {
        const accepted = await submitJob(backend, job)
        const follow: Follow = (signal, receive) => expected.follow({ signal }, receive)
        return { accepted, begin: () => subscriptions.add(job.id, follow) }
      } catch (error) {
        expected[Symbol.dispose]()
        throw error
      }
    }
    case 'subscribe': {
      const { jobId, after } = frame
      subscriptions.requireRoom(jobId)
      if (!(await backend.subscriber.has(jobId))) throw toJobNotFound()
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
      await cancelJob(backend, frame.jobId)
      return {}
  }
}
