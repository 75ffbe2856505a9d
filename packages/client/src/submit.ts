import type { Job, Submission } from './contract.ts'
import { RunnelConnectionError } from './errors.ts'
import type { SubmitOptions } from './jobs.ts'
import { isRecord } from './json.ts'
import type { Link } from './link.ts'
import { tryAgain } from './try-again.ts'

/** `crypto.randomUUID` is missing in pages without https. */
const createKey = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')

const isJob = (value: unknown): value is Job =>
  isRecord(value) && typeof value['id'] === 'string' && typeof value['status'] === 'string'

const bySocket = async (link: Link, job: Submission, idempotencyKey: string): Promise<Job> => {
  const { socket, release } = link.pool.forSubmission()
  let isHeld = false
  try {
    const { job: accepted } = await socket.ask({ type: 'submit', job, idempotencyKey, subscribe: false })
    if (!isJob(accepted)) throw new RunnelConnectionError('Runnel accepted the job, but its answer cannot be read')
    link.pool.cover(socket, accepted.id)
    // Its WebSocket is what keeps such a job going.
    isHeld = job.cancelOnDisconnect === true
    if (isHeld) link.hold(accepted.id, release)
    return accepted
  } finally {
    if (!isHeld) release()
  }
}

/**
 * Submits once, however often it has to be sent: a submission whose answer was lost is sent again under the same key. A full
 * queue is not waited for: its error says when to try again.
 *
 * With tickets it goes over a WebSocket; so does a job with `cancelOnDisconnect`, whose client is that WebSocket.
 */
export const submit = async (link: Link, submission: Submission, options: SubmitOptions): Promise<Job> => {
  const { signal, idempotencyKey = createKey() } = options
  const usesSocket = link.getTicket !== undefined || submission.cancelOnDisconnect === true
  return tryAgain(link, signal, () => {
    if (usesSocket) return bySocket(link, submission, idempotencyKey)
    const headers = { 'idempotency-key': idempotencyKey }
    return link.http.request('POST', '/v1/jobs', { body: submission, headers, signal })
  })
}
