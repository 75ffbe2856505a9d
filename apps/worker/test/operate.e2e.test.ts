import type { Worker } from '@runnel/contract/public'
import { redisTest as test } from '@runnel/redis/testing'
import { createWorkerDirectory, type WorkerDirectory } from '@runnel/registry'
import { eventually } from '@runnel/testing'
import { nameOf, startSystem, stdoutOf } from '@runnel/testing/system'
import { expect } from 'vitest'

const untilWorker = (
  directory: WorkerDirectory,
  id: string,
  wanted: Partial<Worker>,
  withinMs: number,
): Promise<unknown> =>
  eventually(
    async () => expect((await directory.list()).workers.find((worker) => worker.id === id)).toMatchObject(wanted),
    { withinMs, everyMs: 50 },
  )

test('A drained worker finishes its job and takes no other until it is resumed; a killed one is seen to be dead', async ({
  redis,
  redisUrl,
  prefix,
}) => {
  await using system = await startSystem({
    redisUrl,
    prefix,
    env: { RUNNEL_CONCURRENCY: '2', RUNNEL_POOL_MIN: '1', RUNNEL_POOL_MAX: '3' },
  })
  const directory = createWorkerDirectory({ redis, prefix })
  const [process] = system.workers
  const id = process === undefined ? '' : String(nameOf(process))
  const idle = { ready: true, busy: 0, concurrency: 2, pool: { idle: 1, bound: 3 } }
  await untilWorker(directory, id, idle, 20_000)

  const running = await system.submit({ language: 'python', code: 'input()\nprint("done")', interactive: true })
  await untilWorker(directory, id, { state: 'ready', busy: 1 }, 5_000)
  expect(await directory.setDrained(id, true)).toMatchObject({ ready: false, state: 'draining', busy: 1 })
  await eventually(
    () => expect(process?.lines.some(({ msg }) => msg.startsWith('Drained by an operator'))).toBe(true),
    {
      withinMs: 1_000,
    },
  )
  const waiting = await system.submit({ language: 'python', code: 'print("waited")' })
  await system.call('POST', `/v1/jobs/${running.id}/stdin`, { data: 'go on\n' })
  expect(stdoutOf(await system.finished(running.id))).toBe('done\n')
  await untilWorker(directory, id, { state: 'drained', busy: 0 }, 5_000)
  expect((await system.read(waiting.id)).status).toBe('queued')

  expect(await directory.setDrained(id, false)).toMatchObject({ ready: true, drained: false })
  expect(stdoutOf(await system.finished(waiting.id))).toBe('waited\n')

  process?.signal('SIGKILL')
  await untilWorker(directory, id, { alive: false, ready: false, state: 'dead' }, 20_000)
  await expect(directory.setDrained(id, true)).rejects.toMatchObject({ code: 'worker-dead' })
  const next = await system.startWorker()
  const nextId = String(nameOf(next))
  await untilWorker(directory, nextId, { state: 'ready' }, 5_000)
  expect((await directory.list()).workers.map((worker) => worker.id)).toEqual([nextId, id])
  next.signal('SIGTERM')
  expect(await next.exited).toBe(0)
  expect((await directory.list()).workers.map((worker) => worker.id)).toEqual([id])
})
