export { findQueueLeftovers } from './find-queue-leftovers.ts'
export { redisTest } from './redis-test.ts'
export { watchCommands } from './watch-commands.ts'
