import { eventually, startRedis, uniquePrefix } from '@runnel/testing'
import { expect, test } from 'vitest'
import { connectParts, EXITED, idsOf, newJob, printed, ready, text, watch } from './parts.ts'

test('a Redis that is killed while a job prints and others watch loses nothing and repeats nothing', async () => {
  await using server = await startRedis()
  await using resources = new AsyncDisposableStack()
  const { redis, subscription, logWriter, publisher, subscriber } = connectParts(server.url, uniquePrefix(), resources)
  await eventually(() => ready(redis, subscription))
  const job = newJob()
  await logWriter.start(job)
  const watching = watch(subscriber, job.id)
  const log = publisher.open(job.id, 1)
  await log.start()

  const lines = Array.from({ length: 400 }, (_, line) => `${line}\n`)
  const printing = (async () => {
    for (const [at, line] of lines.entries()) {
      await log.write('stdout', text(line))
      if (at % 20 === 0) await eventually(() => watching.entries.length > 0)
      if (at === 200) await server.kill()
    }
  })()
  await printing
  await server.start()
  expect(await log.finish(EXITED, null)).toBe('finished')
  await watching.ended

  expect(watching.ids()).toEqual(idsOf(1, watching.entries.length - 1))
  expect(printed(watching.entries)).toBe(lines.join(''))
})

test('following a job while Redis is away fails at once', async () => {
  await using server = await startRedis()
  await using resources = new AsyncDisposableStack()
  const { redis, subscription, logWriter, subscriber } = connectParts(server.url, uniquePrefix(), resources)
  await eventually(() => ready(redis, subscription))
  const job = newJob()
  await logWriter.start(job)
  await server.stop()
  await eventually(() => !ready(redis))
  const before = performance.now()
  await expect(watch(subscriber, job.id).ended).rejects.toThrow(
    /^Stream isn't writeable and enableOfflineQueue options is false$/,
  )
  expect(performance.now() - before).toBeLessThan(1_000)
})
