/** Proxies and load balancers cut what has been silent for a minute or less; this is well within. */
export const HEARTBEAT_MS = 15_000
