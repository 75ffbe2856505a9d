import { scopeSchema } from '@runnel/contract/public'
import { createRedisKeys, type Redis } from '@runnel/redis'
import { z } from 'zod'
import { createSecret, toDigest } from './secret.ts'

/** What the holder of a ticket may do, and by whose leave. */
const grantSchema = z.object({
  /** null: there were no keys. */
  keyId: z.string().nullable(),
  scopes: z.array(scopeSchema),
  jobIds: z.array(z.string()),
  submissions: z.boolean(),
  /** null: every page that may call the API. */
  origin: z.string().nullable(),
})
export type Grant = z.output<typeof grantSchema>

export interface Tickets {
  issue(grant: Grant, forMs: number): Promise<string>
  /** Uses up a ticket. Undefined for one that was used before, has expired or never existed. */
  redeem(ticket: string): Promise<Grant | undefined>
}

/** Tickets, by the SHA-256 of each: who reads Redis can use none of them. */
export const createTickets = ({ redis, prefix }: { readonly redis: Redis; readonly prefix: string }): Tickets => {
  const keys = createRedisKeys(prefix)
  return {
    async issue(grant, forMs) {
      const ticket = createSecret()
      await redis.set(keys.ticket(toDigest(ticket)), JSON.stringify(grant), 'PX', forMs)
      return ticket
    },
    async redeem(ticket) {
      const json = await redis.getdel(keys.ticket(toDigest(ticket)))
      return json === null ? undefined : grantSchema.parse(JSON.parse(json))
    },
  }
}
