import { monitorEventLoopDelay } from 'node:perf_hooks'
import { heldBytes } from '@runnel/testing'
import { expect, it } from 'vitest'
import { createTestSandboxes } from './docker-fixture.ts'
import { run } from './run.ts'

const MIB = 1024 * 1024
const FLOODS = 2
const FLOOD_BYTES = 16 * MIB
const LAG_MS = 300
/** A tenth of the output. Code that gets compiled and the next sandboxes also need some. */
const GROWTH_BYTES = 3 * MIB

it('A flood of output is read without a pause, and nothing of it stays in memory', async () => {
  await using sandboxes = createTestSandboxes({ poolMin: FLOODS })
  const flood = async (): Promise<number> => {
    let bytes = 0
    const onOutput = ({ length }: Buffer): void => {
      bytes += length
    }
    const limits = { outputBytes: FLOOD_BYTES }
    await run(sandboxes, { language: 'bash', source: 'yes', limits, keepsOutput: false, onOutput })
    return bytes
  }
  const floods = () => Promise.all(Array.from({ length: FLOODS }, flood))
  const all = Array.from({ length: FLOODS }, () => FLOOD_BYTES)

  const lag = monitorEventLoopDelay({ resolution: 10 })
  lag.enable()
  // The first runs bring the memory to the size at which it stays.
  expect(await floods()).toEqual(all)
  const before = await heldBytes()
  expect(await floods()).toEqual(all)
  lag.disable()
  expect((await heldBytes()) - before).toBeLessThan(GROWTH_BYTES)
  expect(lag.percentile(99) / 1e6).toBeLessThan(LAG_MS)
})
