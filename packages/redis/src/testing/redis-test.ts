import { uniquePrefix } from '@runnel/testing'
import { Redis } from 'ioredis'
import { test as base, inject } from 'vitest'
import { createRedisKeys } from '../redis-keys.ts'
import { namedUrl, removeKeys, untilDisconnected } from './check-traces.ts'

/** Without this limit, a resource that never closes would stop the whole run and not say why. */
const RELEASE_TIMEOUT_MS = 20_000

const releasedInTime = async (released: Promise<void>): Promise<void> => {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const fail = () => reject(new Error(`Resources were not released in ${RELEASE_TIMEOUT_MS} ms`))
  const timer = setTimeout(fail, RELEASE_TIMEOUT_MS)
  await Promise.race([released, late]).finally(() => clearTimeout(timer))
}

/**
 * A test with the run's Redis.
 *
 *   redis      a plain connection to look inside with
 *   prefix     no other test has it; its keys are removed at the end, and the test fails if one of them is wrong
 *   redisKeys  the names of all keys under that prefix
 *   redisUrl   its connections are known as this test's; the test fails if one is still open at the end
 *   resources  disposed at the end, last one first, before keys and connections are checked
 */
export const redisTest = base
  .extend('redis', async ({ task }, { onCleanup }) => {
    const redis = new Redis(inject('redisUrl'), { connectionName: `inspection-of-${task.id}` })
    onCleanup(() => redis.disconnect())
    return redis
  })
  .extend('prefix', async ({ redis }, { onCleanup }) => {
    const prefix = uniquePrefix()
    onCleanup(() => removeKeys(redis, prefix))
    return prefix
  })
  .extend('redisKeys', async ({ prefix }) => createRedisKeys(prefix))
  .extend('redisUrl', async ({ redis, prefix }, { onCleanup }) => {
    onCleanup(() => untilDisconnected(redis, prefix))
    return namedUrl(inject('redisUrl'), prefix)
  })
  .extend('resources', async ({ redisUrl }, { onCleanup }) => {
    const resources = new AsyncDisposableStack()
    // Naming `redisUrl` makes its check come after this.
    void redisUrl
    onCleanup(() => releasedInTime(resources.disposeAsync()))
    return resources
  })
