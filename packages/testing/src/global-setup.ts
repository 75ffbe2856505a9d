import { randomUUID } from 'node:crypto'
import Docker from 'dockerode'
import type { TestProject } from 'vitest/node'
import { type RedisContainer, RUN_LABEL, startRedis } from './redis-container.ts'
import { ensureRedisImage } from './redis-image.ts'

interface TestRun {
  readonly id: string
  readonly redis: RedisContainer
}

interface Shared {
  readonly run: Promise<TestRun>
  users: number
}

/**
 * One Redis for a whole test run. Every project of the run calls this in the same process. The first one starts the
 * container; the last one removes it, and fails the run if it left a container behind. Each project loads its own copy of
 * this module, so shared state has to be global.
 */
declare global {
  var runnelTestRun: Shared | undefined
}

const start = async (): Promise<TestRun> => {
  await ensureRedisImage()
  const id = randomUUID()
  return { id, redis: await startRedis(id) }
}

const end = async ({ id, redis }: TestRun): Promise<void> => {
  await redis[Symbol.asyncDispose]()
  const docker = new Docker()
  const left = await docker.listContainers({ all: true, filters: { label: [`${RUN_LABEL}=${id}`] } })
  if (left.length === 0) return
  await Promise.all(left.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true })))
  throw new Error(`Tests left ${left.length} containers behind: ${left.map(({ Names }) => Names.join()).join(', ')}`)
}

export default async (project: TestProject): Promise<() => Promise<void>> => {
  globalThis.runnelTestRun ??= { run: start(), users: 0 }
  const shared = globalThis.runnelTestRun
  shared.users += 1
  const run = await shared.run
  project.provide('redisUrl', run.redis.url)
  project.provide('testRun', run.id)
  return async () => {
    shared.users -= 1
    if (shared.users > 0) return
    globalThis.runnelTestRun = undefined
    await end(run)
  }
}
