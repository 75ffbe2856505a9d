import type { LogEntry } from '@runnel/output/subscriber'
import type { Requester } from '../requester.ts'
import type { SandboxParts } from '../sandboxes/sandbox-parts.ts'
import type { PreparedJob } from './prepare-job.ts'
import { type Submitted, submitJob } from './submit-job.ts'

/** Dispose it if `follow` may not be iterated: it already listens. */
export interface Following extends Submitted, Disposable {
  /** Can be iterated once: all events from the first one, until `finished` or until `signal` aborts. */
  follow(signal: AbortSignal): AsyncIterable<LogEntry>
}

/** Listens before it submits, so that no event has to be read back from the log. */
export const submitAndFollow = async (
  parts: SandboxParts,
  requester: Requester,
  prepared: PreparedJob,
): Promise<Following> => {
  const { subscriber } = parts
  const expected = subscriber.expect(prepared.job.id)
  try {
    const submitted = await submitJob(parts, requester, prepared)
    const { job, isRepeated } = submitted
    if (isRepeated) expected[Symbol.dispose]()
    return {
      ...submitted,
      follow: (signal) => (isRepeated ? subscriber.follow(job.id, { signal }) : expected.follow({ signal })),
      [Symbol.dispose]: () => expected[Symbol.dispose](),
    }
  } catch (error) {
    expected[Symbol.dispose]()
    throw error
  }
}
