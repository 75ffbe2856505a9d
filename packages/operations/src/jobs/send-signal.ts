import type { Control } from '@runnel/contract/internal'
import type { OperationParts } from '../parts.ts'
import { requireUnfinished } from './read-job.ts'

export type Signal = Extract<Control, { type: 'signal' }>['signal']

export const sendSignal = async (parts: OperationParts, id: string, signal: Signal): Promise<void> => {
  await requireUnfinished(parts, id)
  await parts.producer.send(id, { type: 'signal', signal })
}
