import { RequestError, SITE_TEMPLATE } from '@runnel/contract/public'
import type { Lease, SandboxRecord, SandboxRecords } from '@runnel/registry'
import { hasEnded, sandboxEnded, unreachable } from './explain-break.ts'

/** Who holds a sandbox, and what never changes of it. */
interface Holder {
  readonly lease: Lease
  readonly record: Pick<SandboxRecord, 'tenantId' | 'limits'>
}

export interface Holders {
  /** Throws a RequestError: `sandbox-not-found`, `sandbox-queued`, `sandbox-ended`, or `gateway-unreachable`. */
  find(sandboxId: string): Promise<Holder>
  /** The next `find` asks Redis. */
  forget(sandboxId: string): void
}

/** A worker refuses what is asked of a sandbox that it holds no longer, so an old answer harms nobody. */
const FRESH_MS = 5_000

/**
 * Reads the lease and the record of a sandbox in one round trip, and keeps them for some seconds: a sandbox never changes its worker,
 * and a command would wait for Redis once more.
 */
export const createHolders = ({ records }: { readonly records: Pick<SandboxRecords, 'readWithLease'> }): Holders => {
  /** Oldest first. */
  const known = new Map<string, Holder & { readonly until: number }>()

  const dropOld = (now: number): void => {
    for (const [id, { until }] of known) {
      if (until > now) return
      known.delete(id)
    }
  }

  const read = async (sandboxId: string): Promise<Holder> => {
    const { record, lease } = await records.readWithLease(sandboxId)
    if (record === undefined) throw new RequestError('sandbox-not-found', 'There is no sandbox with this id')
    if (hasEnded(record)) throw sandboxEnded(record)
    if (lease !== undefined) return { lease, record }
    if (record.template === SITE_TEMPLATE) {
      throw new RequestError(
        'invalid-request',
        'Cannot do this with a site: it has files and a preview, and nothing runs in it',
      )
    }
    if (record.status === 'queued') {
      throw new RequestError('sandbox-queued', 'The sandbox waits for a worker: ask again when its status is `running`')
    }
    throw unreachable(undefined)
  }

  return {
    async find(sandboxId) {
      const now = performance.now()
      dropOld(now)
      const found = known.get(sandboxId)
      if (found !== undefined) return found
      const holder = await read(sandboxId)
      known.delete(sandboxId)
      known.set(sandboxId, { ...holder, until: now + FRESH_MS })
      return holder
    },
    forget(sandboxId) {
      known.delete(sandboxId)
    },
  }
}
