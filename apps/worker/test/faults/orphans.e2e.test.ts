import { randomUUID } from 'node:crypto'
import { createWorkerDirectory } from '@runnel/registry'
import { eventually, redisTest as test } from '@runnel/testing'
import Docker from 'dockerode'
import { describe, expect } from 'vitest'
import { startSystem } from '../system.ts'

const docker = new Docker()
const WITHIN_MS = 30_000

/** What ignores the end of its input, with the labels of a worker's container. */
const startStubborn = async (labels: Readonly<Record<string, string>>, isStarted = true): Promise<Docker.Container> => {
  const container = await docker.createContainer({
    Image: 'runnel/python',
    Entrypoint: ['sleep', '600'],
    User: '65534',
    HostConfig: { NetworkMode: 'none' },
    Labels: labels,
  })
  if (isStarted) await container.start()
  return container
}

const isThere = async (container: Docker.Container): Promise<boolean> =>
  container.inspect().then(
    () => true,
    () => false,
  )

describe('Containers without a worker', () => {
  test('are gone within 30 s, whatever runs in them; those of the living and of strangers stay', async ({
    redis,
    redisUrl,
    prefix,
  }) => {
    const directory = createWorkerDirectory({ redis, prefix })
    const [dead, alive, stranger] = ['dead', 'alive', 'stranger'].map((name) => `${name}-${randomUUID()}`) as [
      string,
      string,
      string,
    ]
    // As after a power cut: the worker was known, and will never beat again.
    await directory.beat({ id: dead, isReady: true })
    await directory.leave(dead)
    const labelsOf = (worker: string) => ({
      runnel: '1',
      'runnel.worker': worker,
      'runnel.deadline': String(Date.now() + 3_600_000),
    })
    await using resources = new AsyncDisposableStack()
    const start = async (labels: Readonly<Record<string, string>>, isStarted = true) =>
      resources.adopt(await startStubborn(labels, isStarted), (container) =>
        container.remove({ force: true }).catch(() => {}),
      )
    const orphans = [
      await start(labelsOf(dead)),
      await start(labelsOf(dead)),
      await start(labelsOf(dead), false),
      await start({ ...labelsOf(stranger), 'runnel.deadline': String(Date.now() - 1) }),
    ]
    const others = [await start(labelsOf(alive)), await start(labelsOf(stranger)), await start({ unrelated: '1' })]

    const startedAt = performance.now()
    await using _system = await startSystem({
      redisUrl,
      prefix,
      env: { RUNNEL_LANGUAGES: 'bash', RUNNEL_POOL_MIN: '1' },
    })
    await eventually(
      async () => {
        await directory.beat({ id: alive, isReady: false })
        expect(await Promise.all(orphans.map(isThere))).toEqual(orphans.map(() => false))
      },
      { withinMs: WITHIN_MS, everyMs: 200 },
    )
    expect(performance.now() - startedAt).toBeLessThan(WITHIN_MS)
    expect(await Promise.all(others.map(isThere))).toEqual(others.map(() => true))
  })
})
