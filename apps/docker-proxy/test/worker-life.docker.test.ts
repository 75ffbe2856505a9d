import { ENGINE_CALLS } from '@runnel/sandbox/engine-calls'
import { eventually } from '@runnel/testing'
import { describe, expect, it } from 'vitest'
import { startProxy } from './proxy-fixture.ts'
import { engine, run, startWorker } from './run.ts'

const MIB = 1024 * 1024
const LASTING = { memoryBytes: 128 * MIB, diskBytes: 16 * MIB, processes: 8 }

describe('A worker behind the proxy', () => {
  it('makes each of the listed calls from start to stop, and no other', async () => {
    await using proxy = await startProxy()
    const worker = startWorker({ DOCKER_HOST: `unix://${proxy.socketPath}` })
    try {
      await worker.check()
      const exited = { type: 'exited', exitCode: 0 }

      expect(await run(worker, 'print(1)')).toEqual({ printed: '1\n', outcome: exited })
      // Limits that the pool does not have.
      const small = { memoryBytes: 64 * MIB, processes: 7 }
      expect(await run(worker, 'print(2)', { limits: small })).toEqual({ printed: '2\n', outcome: exited })
      // A container of its own, with a disk of its own.
      const disk = { limits: { diskBytes: 8 * MIB }, isolation: 'container' } as const
      expect((await run(worker, 'print(3)', disk)).printed).toBe('3\n')
      for (const text of ['a', 'b']) {
        expect((await run(worker, `print("${text}")`, { tenantId: 'somebody' })).printed).toBe(`${text}\n`)
      }

      const greedy = await run(worker, 'x = []\nwhile True: x.append(bytearray(1 << 20))', { limits: small })
      expect(greedy.outcome).toEqual({ type: 'out-of-memory', limitBytes: small.memoryBytes })
      // More than the credit of one window, so that bytes flow in both directions.
      expect((await run(worker, 'print("x" * 900_000)')).printed).toHaveLength(900_001)

      const stop = new AbortController()
      const canceled = run(worker, 'import time\nprint("on", flush=True)\ntime.sleep(60)', {
        signal: stop.signal,
        onOutput: () => stop.abort('canceled'),
      })
      expect((await canceled).outcome).toEqual({ type: 'canceled' })

      const lasting = { sandboxId: 'sbx-1', tenantId: 'acme', template: 'python', env: {} }
      const held = await worker.hold({ ...lasting, limits: LASTING }, new AbortController().signal)
      await held.pause()
      await held.resume()
      expect((await held.metrics()).processes).toBe(0)
      await held[Symbol.asyncDispose]()

      // A container that ends without a report of its agent: only then the engine is asked why.
      const lost = run(worker, 'import time\nprint("on", flush=True)\ntime.sleep(60)', {
        onOutput: (sandboxId) => void engine.getContainer(sandboxId).kill(),
      })
      await expect(lost).rejects.toMatchObject({
        programStarted: true,
        cause: { message: 'The connection to the container ended' },
      })
    } finally {
      await worker[Symbol.asyncDispose]()
    }
    await eventually(async () => (await worker.containers()).length === 0)
    expect(proxy.complaints).toEqual([])
    expect([...new Set(proxy.passed)].sort()).toEqual(Object.keys(ENGINE_CALLS).sort())
  })
})
