export { findQueueLeftovers } from './find-queue-leftovers.ts'
export { type OpenPrefix, openPrefix } from './open-prefix.ts'
export { redisTest } from './redis-test.ts'
export { watchCommands } from './watch-commands.ts'
