/** All keys ever made: a hash, id to JSON. */
export const keysKey = (prefix: string): string => `${prefix}:keys`

/** The tenants for whom something was set: a hash, id to JSON. */
export const tenantsKey = (prefix: string): string => `${prefix}:tenants`

/** Where every change of a key or a tenant is published, so that no process goes on with what it remembers. */
export const accessChannel = (prefix: string): string => `${prefix}:access`

export const ticketKey = (prefix: string, digest: string): string => `${prefix}:ticket:${digest}`
