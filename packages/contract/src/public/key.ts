import { z } from 'zod'
import { jobIdSchema } from './job.ts'
import { tenantIdSchema } from './tenant.ts'

/**
 * What a key may be used for.
 *
 *   submit     submit jobs, write to them, signal and cancel them
 *   read       ask about jobs, list and follow them, and see output by any other way
 *   sandboxes  everything with the tenant's sandboxes: make and delete them, run commands, read and write files
 *   admin      make and revoke keys, set limits, of all tenants; see workers, the queue and numbers of all tenants; drain workers
 */
export const scopeSchema = z.enum(['submit', 'read', 'sandboxes', 'admin'])
export type Scope = z.output<typeof scopeSchema>

const scopesSchema = z
  .array(scopeSchema)
  .min(1)
  .max(8)
  .transform((scopes) => [...new Set(scopes)])

export const keyRequestSchema = z.strictObject({
  tenant: tenantIdSchema,
  scopes: scopesSchema,
  name: z.string().max(100).default('').describe('A note for people: where the key is used.'),
  expiresAt: z.iso.datetime().nullable().default(null).describe('When the key expires. null: never.'),
})
export type KeyRequest = z.output<typeof keyRequestSchema>

/** A key without its secret, which only its holder has. */
export const keySchema = z.strictObject({
  id: z.string().describe('The visible part of the key: rnl_<id>_<secret>.'),
  tenant: tenantIdSchema,
  scopes: z.array(scopeSchema),
  name: z.string(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  revokedAt: z.iso.datetime().nullable(),
  lastUsedAt: z.iso.datetime().nullable().describe('Written at most once a minute. null: it was never used.'),
})
export type Key = z.output<typeof keySchema>

/** At most this many jobs in one ticket: as many as one socket may follow. */
const TICKET_JOBS = 64

/** `POST /v1/tickets`: a browser gets a ticket, never a key. */
export const ticketRequestSchema = z
  .strictObject({
    jobIds: z.array(jobIdSchema).max(TICKET_JOBS).default([]).describe('Jobs that its holder may use.'),
    submissions: z
      .boolean()
      .default(false)
      .describe('Whether its holder may submit jobs on GET /v1/stream, and use those.'),
    scopes: z
      .array(scopeSchema.exclude(['admin', 'sandboxes']))
      .min(1)
      .max(8)
      .optional()
      .describe(
        '`read` to follow and see output, `submit` to submit, write and cancel. Left out: the scopes of the key.',
      ),
    origin: z
      .string()
      .max(300)
      .optional()
      .describe('The page that may use it. Left out: every page that may call the API.'),
    expiresInMs: z.int().min(1_000).max(300_000).default(30_000),
  })
  .refine(({ jobIds, submissions }) => jobIds.length > 0 || submissions, {
    error: 'Nothing to allow: send jobIds, or submissions: true, or both',
  })
export type TicketRequest = z.output<typeof ticketRequestSchema>

export const ticketSchema = z.strictObject({
  ticket: z
    .string()
    .describe(
      'Valid for one connection, once: a WebSocket with ?ticket=…, or events over HTTP with Authorization: Ticket … .',
    ),
  expiresAt: z.iso.datetime(),
})
