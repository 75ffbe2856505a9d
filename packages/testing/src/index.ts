export { eventually } from './eventually.ts'
export { type RedisContainer, startRedis } from './redis-container.ts'
export { redisTest } from './redis-fixture.ts'
export { uniquePrefix } from './unique-prefix.ts'
