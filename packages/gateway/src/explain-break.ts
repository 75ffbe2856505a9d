import { setTimeout as delay } from 'node:timers/promises'
import { RequestError, type SandboxEnding } from '@runnel/contract/public'
import type { Leases, SandboxRecords } from '@runnel/registry'

/** A worker that died is found lost within 30 s; somewhat longer, so that this is not a race. */
const VERDICT_TIMEOUT_MS = 35_000
const CHECK_EVERY_MS = 500

const WORDS: Readonly<Record<SandboxEnding, string>> = {
  deleted: 'it was deleted',
  'timed-out': 'its time was over',
  idle: 'nothing was asked of it for too long',
  finished: 'its program has ended',
  'out-of-memory': 'it ran out of memory',
  lost: 'its worker died or stopped',
  'sandbox-failed': 'it failed; this is our fault',
}

/** What the record of a sandbox that has ended says. */
interface Ended {
  readonly ending: SandboxEnding
  readonly endingMessage?: string | undefined
}

export const hasEnded = <R extends { readonly ending?: SandboxEnding | undefined }>(
  record: R | undefined,
): record is R & { readonly ending: SandboxEnding } => record?.ending !== undefined

export const sandboxEnded = ({ ending, endingMessage = WORDS[ending] }: Ended): RequestError =>
  new RequestError('sandbox-ended', `The sandbox has ended: ${endingMessage}. Create another one`, { ending })

export const unreachable = (cause: unknown): RequestError =>
  new RequestError(
    'gateway-unreachable',
    'The worker that holds this sandbox cannot be reached at the moment; try again in a few seconds',
    { cause, retryAfterMs: 2_000 },
  )

/**
 * Why a connection to a gateway broke while a request was served. The worker may have died: then the answer is known when the
 * sandbox was found lost. If its lease is renewed again, only the connection broke.
 */
export const explainBreak = async (
  { leases, records }: { readonly leases: Leases; readonly records: SandboxRecords },
  sandboxId: string,
  cause: unknown,
  signal: AbortSignal,
): Promise<RequestError> => {
  const until = performance.now() + VERDICT_TIMEOUT_MS
  let renewal: string | undefined
  let isFirst = true
  while (!signal.aborted && performance.now() < until) {
    try {
      const record = await records.read(sandboxId)
      if (hasEnded(record)) return sandboxEnded(record)
      const lease = await leases.find(sandboxId)
      if (!isFirst && lease !== undefined && lease.renewal !== renewal) return unreachable(cause)
      renewal = lease?.renewal
      isFirst = false
    } catch {
      // Redis is away: nobody knows yet.
    }
    await delay(CHECK_EVERY_MS, undefined, { signal }).catch(() => {})
  }
  return unreachable(cause)
}
