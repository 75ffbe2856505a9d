import type { RouteAccess } from '../../access/route-access.ts'

/** For a route below one sandbox: a key with the scope `sandboxes`, or the sandbox's own access token. */
export const IN_SANDBOX = {
  scope: 'sandboxes',
  resource: 'sandbox',
  submits: false,
  stream: false,
} as const satisfies RouteAccess

/** The same for one that stays open. */
export const STREAM_IN_SANDBOX = { ...IN_SANDBOX, stream: true } as const satisfies RouteAccess
