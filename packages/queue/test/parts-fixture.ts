import { redisTest } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { connectParts } from './parts.ts'

export const queueTest = redisTest.extend('parts', async ({ redisUrl, prefix, resources }) => {
  const parts = connectParts(redisUrl, prefix, resources)
  await eventually(() => parts.command.status === 'ready')
  return parts
})
