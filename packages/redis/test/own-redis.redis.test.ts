import { redisTest as test } from '@runnel/redis/testing'
import { expect } from 'vitest'

// With `everysec`, a Redis that was killed while its disk was busy had lost two hundred writes that it had answered (in one
// kill of eight). A test cannot make a disk that busy on purpose.
test('Our own Redis writes to its log before it answers, even if its disk is busy', async ({ redis }) => {
  const settings = await Promise.all(['appendonly', 'appendfsync', 'save'].map((name) => redis.config('GET', name)))
  expect(settings).toEqual([
    ['appendonly', 'yes'],
    ['appendfsync', 'no'],
    ['save', ''],
  ])
})

test('Our own Redis bounds its memory, and drops nothing by itself', async ({ redis }) => {
  const settings = await Promise.all(['maxmemory', 'maxmemory-policy'].map((name) => redis.config('GET', name)))
  expect(settings).toEqual([
    ['maxmemory', '1073741824'],
    ['maxmemory-policy', 'noeviction'],
  ])
})
