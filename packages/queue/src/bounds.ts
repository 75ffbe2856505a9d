/** How much of the queue one tenant may have. Null: no bound of its own, the deployment's counts. */
export interface TenantBounds {
  /** Jobs that wait. */
  readonly queued: number | null
  /** Jobs that run, or are about to. */
  readonly running: number | null
}

/** What the queue takes before it says that it is full. */
export interface QueueBounds {
  /** Jobs that wait, of all tenants together. */
  readonly queued: number
  /** What a tenant has that was given nothing else. */
  readonly tenant: { readonly [name in keyof TenantBounds]: number }
}

/** The bounds of a deployment that sets no others. */
export const QUEUE_BOUNDS: QueueBounds = {
  /**
   * Redis holds all of them in memory. A typical job has a few KiB, so this many have some 200 MiB; and even a fast
   * installation, at a thousand jobs a second, has worked through them before a caller who waits would give up.
   */
  queued: 50_000,
  tenant: {
    /** A batch of ten thousand is a normal thing to send; and it takes five tenants that send one to fill the house. */
    queued: 10_000,
    /**
     * As many as one worker may run at once at the most (`RUNNEL_CONCURRENCY`). Lower, and adding workers would not
     * help where there is one tenant; turns keep it fair below that.
     */
    running: 1_000,
  },
}
