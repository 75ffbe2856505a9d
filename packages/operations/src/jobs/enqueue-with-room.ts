import type { QueuedJob, QueuedSandbox } from '@runnel/contract/internal'
import { RequestError } from '@runnel/contract/public'
import type { EnqueueOptions } from '@runnel/queue/producer'
import type { OperationParts } from '../parts.ts'

/** Puts an entry into the queue. If Redis is full, finished jobs are dropped, and it is tried once more. */
export const enqueueWithRoom = async (
  { producer, logWriter }: OperationParts,
  entry: QueuedJob | QueuedSandbox,
  options: EnqueueOptions & { readonly bytes: number },
): Promise<string> => {
  const enqueue = () => producer.enqueue(entry, options)
  return enqueue().catch(async (error: unknown) => {
    const isFull = error instanceof RequestError && error.code === 'storage-full'
    if (!isFull || (await logWriter.makeRoom(entry.tenantId, options.bytes)) !== undefined) throw error
    return enqueue()
  })
}
