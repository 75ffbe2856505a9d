import type { Runnel } from '@runnel/client'
import type { RunStore } from './run-store.ts'

const EVERY_MS = 1_000

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Asks for the place of a job in the queue, once a second, as long as it is queued. */
export const askPlace = async (client: Runnel, store: RunStore, jobId: string, signal: AbortSignal): Promise<void> => {
  for (;;) {
    await pause(EVERY_MS)
    const { phase } = store.snapshot.run
    if (signal.aborted || (phase !== 'queued' && phase !== 'ready')) return
    const { status, queuePosition, estimatedWaitMs } = await client.jobs.get(jobId, { signal })
    if (status !== 'queued') return
    store.reduce({ type: 'client-place', queuePosition, estimatedWaitMs, atMs: Date.now() })
  }
}
