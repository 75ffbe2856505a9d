/** Proxies and load balancers close connections that are silent for a minute, some sooner. This is well below. */
export const HEARTBEAT_MS = 15_000
