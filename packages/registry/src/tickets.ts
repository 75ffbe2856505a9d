import { scopeSchema } from '@runnel/contract/public'
import { createRedisKeys, type Redis } from '@runnel/redis'
import { z } from 'zod'
import { createSecret, toDigest } from './secret.ts'

/** What a ticket allows, and the key it was made with. */
const grantSchema = z.object({
  /** null: there were no keys yet. */
  keyId: z.string().nullable(),
  scopes: z.array(scopeSchema),
  jobIds: z.array(z.string()),
  submissions: z.boolean(),
  /** The only origin whose pages may use it; null: every origin that may call the API. */
  origin: z.string().nullable(),
})
export type Grant = z.output<typeof grantSchema>

export interface Tickets {
  issue(grant: Grant, forMs: number): Promise<string>
  /** Uses up a ticket. Undefined for one that was used before, has expired or never existed. */
  redeem(ticket: string): Promise<Grant | undefined>
}

/** Stores tickets under their SHA-256, so nobody who can read Redis can use them. */
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
