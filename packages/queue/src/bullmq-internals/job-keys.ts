import { createRedisKeys } from '@runnel/redis'

const names = createRedisKeys('')
const LOCK_SUFFIX = names.jobLock('').slice(names.queuedJob('').length)

/**
 * Relies on: BullMQ's keys of a job are `<prefix>:<queue>:<job id>` for its record, and the same with `:lock` for its lock.
 *
 * Scripts find the ids of jobs in Redis, so they have to put these two names together themselves. `firstJob` is the name
 * of a record without the id.
 */
export const JOB_KEYS_LUA = `
local function jobKey(id) return firstJob .. id end
local function lockKey(id) return firstJob .. id .. '${LOCK_SUFFIX}' end
`
