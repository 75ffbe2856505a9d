import { redisTest as test } from '@runnel/redis/testing'
import { expect } from 'vitest'

// With `everysec` a Redis that was killed while its disk was busy had lost two hundred writes that it had answered (one
// kill of eight); when a disk is that busy is nothing that a test can choose.
test('Our own Redis has written down what it answers before it answers, however busy its disk is', async ({
  redis,
}) => {
  const settings = await Promise.all(['appendonly', 'appendfsync', 'save'].map((name) => redis.config('GET', name)))
  expect(settings).toEqual([
    ['appendonly', 'yes'],
    ['appendfsync', 'no'],
    ['save', ''],
  ])
})
