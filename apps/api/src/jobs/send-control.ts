import type { Control } from '@runnel/contract/internal'
import { RequestError, type stdinSchema, toBytes, toChunk } from '@runnel/contract/public'
import type { z } from 'zod'
import type { Backend } from '../backend.ts'
import { requireSummary } from './read-job.ts'

type Input = Pick<z.output<typeof stdinSchema>, 'data' | 'encoding' | 'end'>

const requireUnfinished = async (backend: Backend, id: string): Promise<{ interactive: boolean }> => {
  const { status, interactive } = await requireSummary(backend, id)
  if (status === 'finished') throw new RequestError('job-finished', 'Cannot reach this job: it has finished')
  return { interactive }
}

const toStdin = ({ data, encoding }: Input): Control[] =>
  data === undefined || data === '' ? [] : [{ type: 'stdin', ...toChunk(toBytes({ encoding, data })) }]

/** Bytes for a job's standard input, the end of it, or both in that order. A job that is still queued gets them when it starts. */
export const sendInput = async (backend: Backend, id: string, input: Input): Promise<void> => {
  const messages: Control[] = [...toStdin(input), ...(input.end ? [{ type: 'stdin-end' } as const] : [])]
  if (messages.length === 0) {
    throw new RequestError('invalid-request', 'Nothing to do: send data, or end: true, or both')
  }
  const { interactive } = await requireUnfinished(backend, id)
  if (!interactive) {
    throw new RequestError(
      'stdin-closed',
      'Cannot write to this job: its standard input ended with `stdin`; submit it with interactive: true',
    )
  }
  for (const message of messages) await backend.producer.send(id, message)
}

export const sendSignal = async (
  backend: Backend,
  id: string,
  signal: Extract<Control, { type: 'signal' }>['signal'],
): Promise<void> => {
  await requireUnfinished(backend, id)
  await backend.producer.send(id, { type: 'signal', signal })
}
