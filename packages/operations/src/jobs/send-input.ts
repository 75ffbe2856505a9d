import type { Control } from '@runnel/contract/internal'
import { type ClientFrame, RequestError, toBytes, toChunk } from '@runnel/contract/public'
import type { SandboxParts } from '../sandboxes/sandbox-parts.ts'
import { requireUnfinished } from './read-job.ts'

export type Input = Pick<Extract<ClientFrame, { type: 'stdin' }>, 'data' | 'encoding' | 'end'>

const toMessages = ({ data, encoding, end }: Input): Control[] => [
  ...(data === undefined || data === '' ? [] : [{ type: 'stdin', ...toChunk(toBytes({ encoding, data })) } as const]),
  ...(end ? [{ type: 'stdin-end' } as const] : []),
]

/** The program has taken the bytes when this resolves. */
const sendToCommand = async (
  { gateway }: SandboxParts,
  sandboxId: string,
  commandId: string,
  { data = '', encoding, end }: Input,
): Promise<void> => {
  if (data !== '') {
    await gateway.call(sandboxId, 'stdin', { commandId }, { body: Buffer.from(toBytes({ encoding, data })) })
  }
  if (end) await gateway.call(sandboxId, 'stdin-end', { commandId })
}

/** Sends bytes to a job's standard input, or ends it, or both in that order. A queued job gets them when it starts. */
export const sendInput = async (parts: SandboxParts, id: string, input: Input): Promise<void> => {
  const messages = toMessages(input)
  if (messages.length === 0) {
    throw new RequestError('invalid-request', 'Nothing to do: send data, or end: true, or both')
  }
  const { interactive, sandboxId } = await requireUnfinished(parts, id)
  if (!interactive) {
    throw new RequestError(
      'stdin-closed',
      'Cannot write to this job: its standard input ended with `stdin`; submit it with interactive: true',
    )
  }
  if (sandboxId !== undefined) return sendToCommand(parts, sandboxId, id, input)
  for (const message of messages) await parts.producer.send(id, message)
}
