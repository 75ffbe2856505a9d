import type { Redis } from '@runnel/redis'
import type { Lease, Leases, SandboxRecords } from '@runnel/registry'

/** A sandbox counts as lost after 25 s: four renewals may fail. */
const RENEW_EVERY_MS = 5_000

export interface LeaseHolder {
  readonly id: string
  readonly lease: Omit<Lease, 'renewal'>
  /** How long it lives at most from now on, in milliseconds. */
  readonly lifeMs: () => number
  /** It has ended for everybody else: it was found lost while this worker could not reach Redis. */
  readonly onEnded: () => void
}

/**
 * Renews the leases of all sandboxes of this worker every few seconds, and at once when Redis is back. While Redis is away the
 * sandboxes live on.
 */
export const startLeaseRenewal = (options: {
  readonly redis: Redis
  readonly leases: Pick<Leases, 'renew' | 'remove'>
  readonly records: Pick<SandboxRecords, 'statuses'>
}) => {
  const { redis, leases, records } = options
  const holders = new Map<string, LeaseHolder>()
  let renewals = 0

  const renew = async (some: readonly LeaseHolder[]): Promise<void> => {
    if (some.length === 0) return
    renewals += 1
    const renewal = `${Date.now()}-${renewals}`
    await leases.renew(some.map(({ id, lease, lifeMs }) => ({ id, lease: { ...lease, renewal }, lifeMs: lifeMs() })))
  }

  const renewAll = async (): Promise<void> => {
    const ids = [...holders.keys()]
    if (ids.length === 0) return
    const statuses = await records.statuses(ids)
    for (const [at, id] of ids.entries()) {
      if (statuses[at] === 'running' || statuses[at] === 'paused') continue
      holders.get(id)?.onEnded()
      holders.delete(id)
    }
    await renew([...holders.values()])
  }
  // The connection logs that Redis is away, and the next renewal replaces a lost one.
  const tick = () => void renewAll().catch(() => {})

  const timer = setInterval(tick, RENEW_EVERY_MS)
  redis.on('ready', tick)
  return {
    /** Writes the lease. It is renewed from when `keep` is called. */
    take: (holder: LeaseHolder): Promise<void> => renew([holder]),
    keep(holder: LeaseHolder): void {
      holders.set(holder.id, holder)
    },
    async release(id: string): Promise<void> {
      holders.delete(id)
      await leases.remove(id)
    },
    [Symbol.dispose]() {
      clearInterval(timer)
      redis.off('ready', tick)
    },
  }
}
export type LeaseRenewal = ReturnType<typeof startLeaseRenewal>
