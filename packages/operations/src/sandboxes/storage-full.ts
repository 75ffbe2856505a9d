import { RequestError } from '@runnel/contract/public'
import type { FullStore } from '@runnel/output/log-writer'

const WHY: Readonly<Record<FullStore, string>> = {
  tenant: 'your jobs and commands that have not ended fill what Redis keeps of a tenant',
  all: 'jobs and commands that have not ended fill what Redis keeps of all tenants',
  memory: 'the memory of Redis is nearly full',
}

/** Finished jobs may be dropped meanwhile, or end. */
const RETRY_MS = 5_000

export const toStorageFull = (full: FullStore): RequestError =>
  new RequestError(
    'storage-full',
    `Cannot take this command: ${WHY[full]}; try again when some of them have ended, or run it with background: true`,
    { retryAfterMs: RETRY_MS },
  )
