import { RequestError } from '@runnel/contract/public'
import type { FullStore } from '@runnel/output/log-writer'

const WHY: Readonly<Record<FullStore, string>> = {
  tenant: 'your jobs and commands that have not ended fill what Redis keeps of a tenant',
  all: 'jobs and commands that have not ended fill what Redis keeps of all tenants',
  memory: 'the memory of Redis is nearly full',
}

/** Finished jobs may be dropped meanwhile, or end. */
const RETRY_MS = 5_000

const ADVICE = { command: ', or run it with background: true', job: '' } as const

export const toStorageFull = (full: FullStore, what: 'command' | 'job' = 'command'): RequestError =>
  new RequestError(
    'storage-full',
    `Cannot take this ${what}: ${WHY[full]}; try again when some of them have ended${ADVICE[what]}`,
    { retryAfterMs: RETRY_MS },
  )
