import { z } from 'zod'
import { portSchema } from './port.ts'

/** How long a signed first URL of a preview opens it, in milliseconds, at most. */
export const PREVIEW_LINK_MAX_MS = 600_000
/** How many of the latest requests to the previews of a sandbox are kept. */
export const PREVIEW_REQUESTS = 200
/** Longer paths are cut in the list of requests. */
export const PREVIEW_PATH_CHARACTERS = 1_024

/** A port that a program in the sandbox listens on. */
export const openPortSchema = z.strictObject({
  port: portSchema,
  url: z.url().describe('Where its preview is. A private one opens with a signed URL, a key or the access token.'),
})
export type OpenPort = z.infer<typeof openPortSchema>

export const portListSchema = z.strictObject({ ports: z.array(openPortSchema) })

/** One line of `GET /v1/sandboxes/:id/ports/events`. */
export const portChangeSchema = z.strictObject({
  type: z.literal('port'),
  port: portSchema,
  open: z.boolean().describe('Whether a program listens on it now.'),
  url: z.url(),
})

/** The same as the worker tells it: the API knows the URL. */
export const heldPortChangeSchema = portChangeSchema.pick({ port: true, open: true })
export type HeldPortChange = z.infer<typeof heldPortChangeSchema>

/** The answer of `POST /v1/sandboxes/:id/ports/:port/url`. */
export const previewUrlSchema = z.strictObject({
  url: z.url().describe('Opens the preview in a browser. Ask for one for each frame and each tab.'),
  expiresAt: z.iso
    .datetime()
    .nullable()
    .describe('Until when it opens the preview. null: the sandbox is public, and the URL is good as long as it lives.'),
})
export type PreviewUrl = z.infer<typeof previewUrlSchema>

/** A request that a program in the sandbox got through its preview. */
export const previewRequestSchema = z.strictObject({
  id: z.string().describe('Later ones have greater ids. Send the last one as `after`.'),
  at: z.iso.datetime(),
  port: portSchema,
  method: z.string(),
  path: z.string().describe(`With the query; up to ${PREVIEW_PATH_CHARACTERS} characters.`),
  status: z.int().nullable().describe('What the program answered; 101 for a WebSocket. null: nothing.'),
  durationMs: z.int().nonnegative().describe('From its first byte to the last of the answer, in milliseconds.'),
})
export type PreviewRequest = z.infer<typeof previewRequestSchema>

export const previewRequestListSchema = z.strictObject({
  requests: z.array(previewRequestSchema).describe('Oldest first.'),
})

/**
 * The Host that programs in the sandbox see in place of the preview's own, where they check it. `{port}` stands for the port.
 */
export const maskHostSchema = z
  .string()
  .max(255)
  .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:(\d{1,5}|\{port\}))?$/i, {
    error: 'Cannot use this maskHost: send a host name and, if it has one, a port, such as localhost:{port}',
  })
