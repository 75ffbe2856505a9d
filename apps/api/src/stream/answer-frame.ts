import type { ClientFrame, Job } from '@runnel/contract'
import type { Language } from '@runnel/languages'
import type { Backend } from '../backend.ts'
import { cancelJob } from '../jobs/cancel-job.ts'
import { requireSummary } from '../jobs/read-job.ts'
import { sendInput, sendSignal } from '../jobs/send-control.ts'
import { submitJob } from '../jobs/submit-job.ts'
import type { Subscriptions } from './subscriptions.ts'

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
      const accepted = await submitJob(backend, languages, frame.job)
      return frame.subscribe ? { accepted, begin: () => subscriptions.add(accepted.id, undefined) } : { accepted }
    }
    case 'subscribe':
      subscriptions.requireRoom(frame.jobId)
      await requireSummary(backend, frame.jobId)
      return { begin: () => subscriptions.add(frame.jobId, frame.after) }
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
