import { RequestError, type TerminalSize } from '@runnel/contract/public'
import type { SandboxParts } from '../sandboxes/sandbox-parts.ts'
import { requireUnfinished } from './read-job.ts'

/** A queued job gets its new size as soon as it has started. */
export const sendResize = async (parts: SandboxParts, id: string, { cols, rows }: TerminalSize): Promise<void> => {
  const { tty, sandboxId } = await requireUnfinished(parts, id)
  if (!tty) {
    throw new RequestError('no-terminal', 'Cannot resize this job: it has no terminal; submit it with tty: true')
  }
  if (sandboxId !== undefined) await parts.gateway.call(sandboxId, 'resize', { commandId: id, cols, rows })
  else await parts.producer.send(id, { type: 'resize', cols, rows })
}
