/** How often a lease is looked at, and after how many looks without a renewal its sandbox is lost: 25 s. */
export const LOSS = { lookEveryMs: 2_500, looks: 10 } as const

interface Seen {
  readonly renewal: string | undefined
  readonly looks: number
}

/**
 * Which sandboxes are lost, from what was seen of their leases. Only looks that reached Redis count, in a row: after an outage of
 * Redis each worker gets the whole time again to renew. Counts looks, not time, so a process that stood still judges nobody.
 */
export const createLossCount = (looks: number) => {
  let seen = new Map<string, Seen>()
  return {
    /** One look at the leases of all sandboxes that live: what each says, undefined if it is gone. Returns those that are lost. */
    look(renewals: ReadonlyMap<string, string | undefined>): readonly string[] {
      const now = new Map<string, Seen>()
      for (const [id, renewal] of renewals) {
        const before = seen.get(id)
        const isSame = before !== undefined && before.renewal === renewal
        now.set(id, { renewal, looks: isSame ? before.looks + 1 : 0 })
      }
      seen = now
      return [...now].filter(([, one]) => one.looks >= looks).map(([id]) => id)
    },
    /** A look did not reach Redis. */
    forget(): void {
      seen = new Map()
    },
  }
}
