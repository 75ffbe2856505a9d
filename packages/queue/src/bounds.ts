/** How much of the queue one tenant may have. Null: the default of the deployment. */
export interface TenantBounds {
  /** Jobs that wait. */
  readonly queued: number | null
  /** Jobs that run, or are about to. */
  readonly running: number | null
}

/** How many jobs the queue accepts before it refuses more. */
export interface QueueBounds {
  /** Jobs that wait, of all tenants together. */
  readonly queued: number
  /** For tenants without bounds of their own. */
  readonly tenant: { readonly [name in keyof TenantBounds]: number }
}
