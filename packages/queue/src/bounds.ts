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
