import { z } from 'zod'
import { sandboxPathSchema } from './sandbox-path.ts'

export const watcherIdSchema = z.string().regex(/^wat-[0-9a-f]{16}$/, {
  error: 'Not a watcher id: one looks like wat- and 16 hex digits',
})

/** The events that a watcher keeps for those who ask later. The oldest are dropped, and an event says so. */
export const WATCHER_EVENTS = 10_000

/** The body of `POST …/watchers`. */
export const watcherRequestSchema = z.strictObject({
  path: sandboxPathSchema.describe('A folder, or a file.'),
  recursive: z.boolean().default(false).describe('Also what is in the folders below, and in those made later.'),
})
export type WatcherRequest = z.output<typeof watcherRequestSchema>

export const watcherSchema = z.strictObject({
  id: watcherIdSchema,
  path: z.string().describe('Absolute.'),
  recursive: z.boolean(),
  createdAt: z.iso.datetime(),
})
export type Watcher = z.infer<typeof watcherSchema>

export const watcherListSchema = z.strictObject({ watchers: z.array(watcherSchema) })

/**
 * Something that happened to a file. `lost`: some events before this one were not kept, because there were too many: list the
 * folder again.
 */
export const watchEventSchema = z.strictObject({
  id: z.int().positive().describe('Counts from 1. The next request continues `after` it.'),
  at: z.iso.datetime(),
  type: z.enum(['create', 'write', 'remove', 'rename', 'chmod', 'lost']),
  path: z.string().describe('Absolute. Of `lost`: the path of the watcher.'),
})
export type WatchEvent = z.infer<typeof watchEventSchema>

/** `GET …/watchers/:watcher`: what happened after `after`. */
export const watchedSchema = z.strictObject({
  events: z.array(watchEventSchema),
  next: z.int().nonnegative().describe('The `after` of the next request.'),
})
export type Watched = z.infer<typeof watchedSchema>
