import type { JobEnd } from '@runnel/contract/internal'
import type { RedisCommand } from '@runnel/redis'

/**
 * What else is written in the step that ends a job, and only by the one who ends it: if this is refused because another one has
 * ended the job, or because a later attempt has started, none of the commands runs.
 */
export type EndCommands = (end: JobEnd) => readonly RedisCommand[]
