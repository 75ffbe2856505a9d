import { RequestError } from '@runnel/contract/public'
import type { JobSummary } from '@runnel/output/subscriber'
import { removeQueuedSandbox } from '../sandboxes/accept-sandbox.ts'
import type { SandboxParts } from '../sandboxes/sandbox-parts.ts'

// A job that serves, and every foreground command of a sandbox, is not in the queue: what is sent to it goes to the worker that holds
// its sandbox.

const isOver = (error: unknown): boolean =>
  error instanceof RequestError && (error.code === 'sandbox-ended' || error.code === 'command-not-found')

/**
 * Ends a command that runs as `canceled`, with all that it started. A job that serves and still waits is taken out of the queue. One
 * that ends at this moment stays as it is.
 */
export const cancelInSandbox = async (
  parts: SandboxParts,
  commandId: string,
  sandboxId: string,
  { status }: Pick<JobSummary, 'status'>,
): Promise<void> => {
  const record = status === 'queued' ? await parts.records.read(sandboxId) : undefined
  if (record?.status === 'queued') return removeQueuedSandbox(parts, sandboxId)
  await parts.gateway.call(sandboxId, 'end-command', { commandId }).catch((error: unknown) => {
    if (!isOver(error)) throw error
  })
}
