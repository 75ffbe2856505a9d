import { z } from 'zod'
import { scopeSchema } from './key.ts'
import { tenantIdSchema } from './tenant.ts'

/** A browser that is signed in. It was made with a key, may do what that key may, and ends with it. */
export const sessionSchema = z.strictObject({
  id: z.string().describe('Not secret: it names the session, and the cookie has a secret besides.'),
  device: z.string().describe('Browser and system, made from the User-Agent of the sign-in: `Firefox on Linux`.'),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime().describe('Written at most once a minute.'),
  expiresAt: z.iso.datetime().describe('When it ends, however much it is used. It ends earlier if it is not used.'),
  isCurrent: z.boolean().describe('Whether this request came with its cookie.'),
})
export type Session = z.output<typeof sessionSchema>

export const sessionListSchema = z.strictObject({
  sessions: z.array(sessionSchema).describe('All that were made with the same key, the last used first.'),
})
export type SessionList = z.output<typeof sessionListSchema>

/** `GET /v1/caller`: who the caller is, and what it may do. */
export const callerSchema = z.strictObject({
  tenant: tenantIdSchema,
  scopes: z.array(scopeSchema),
  key: z
    .strictObject({ id: z.string(), name: z.string() })
    .nullable()
    .describe('null: there are no keys yet, and the caller is on the same machine.'),
  session: sessionSchema.nullable().describe('null: the caller has no cookie, or sent a key as well.'),
})
export type CallerFacts = z.output<typeof callerSchema>
