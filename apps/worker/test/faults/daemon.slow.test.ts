import { redisTest as test } from '@runnel/redis/testing'
import { describe } from 'vitest'
import { canStartEngine, startOwnEngine } from './own-engine.ts'
import { restartDaemon } from './restart-daemon.ts'

// That it is killed is in `npm test`.
describe.skipIf(!canStartEngine)('A Docker daemon', () => {
  test('that ends by SIGTERM and starts again loses no job, no worker and no event', async ({ redisUrl, prefix }) => {
    await using engine = await startOwnEngine(['runnel/python'])
    await restartDaemon(engine, 'SIGTERM', { redisUrl, prefix })
  })
})
