import type { Control } from '@runnel/contract/internal'
import type { SandboxParts } from '../sandboxes/sandbox-parts.ts'
import { requireUnfinished } from './read-job.ts'

export type Signal = Extract<Control, { type: 'signal' }>['signal']

export const sendSignal = async (parts: SandboxParts, id: string, signal: Signal): Promise<void> => {
  const { sandboxId } = await requireUnfinished(parts, id)
  if (sandboxId !== undefined) await parts.gateway.call(sandboxId, 'signal', { commandId: id, signal })
  else await parts.producer.send(id, { type: 'signal', signal })
}
