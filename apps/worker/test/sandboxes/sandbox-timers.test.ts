import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { createSandboxTimers } from '../../src/sandboxes/sandbox-timers.ts'

const LONG_MS = 60_000

/** Resolves with how it ended, and after how many milliseconds. */
const start = (timeoutMs: number, idleTimeoutMs: number) => {
  const over = Promise.withResolvers<{ readonly ending: string; readonly afterMs: number }>()
  const startedMs = performance.now()
  const timers = createSandboxTimers({ timeoutMs, idleTimeoutMs }, (ending) => {
    over.resolve({ ending, afterMs: performance.now() - startedMs })
  })
  return { timers, over: over.promise, [Symbol.dispose]: () => timers[Symbol.dispose]() }
}

describe('The timers of a sandbox', () => {
  test('end it when its time is over, whether it is used or not', async () => {
    using sandbox = start(50, LONG_MS)
    sandbox.timers.use()
    expect(await sandbox.over).toMatchObject({ ending: 'timed-out' })
  })

  test('end it when nothing was asked of it for too long', async () => {
    using sandbox = start(LONG_MS, 50)
    expect(await sandbox.over).toMatchObject({ ending: 'idle' })
  })

  test('count the idle time from the end of the last use', async () => {
    using sandbox = start(LONG_MS, 50)
    const [first, second] = [sandbox.timers.use(), sandbox.timers.use()]
    await delay(100)
    first()
    await delay(100)
    second()
    const { ending, afterMs } = await sandbox.over
    expect(ending).toBe('idle')
    expect(afterMs).toBeGreaterThan(240)
  })

  test('let a use end only once', async () => {
    using sandbox = start(LONG_MS, LONG_MS)
    const [first, second] = [sandbox.timers.use(), sandbox.timers.use()]
    first()
    first()
    expect(sandbox.timers.isInUse).toBe(true)
    second()
    expect(sandbox.timers.isInUse).toBe(false)
  })

  test('do not call a paused sandbox idle, and still end it when its time is over', async () => {
    using sandbox = start(200, 50)
    sandbox.timers.setPaused(true)
    expect(await sandbox.over).toMatchObject({ ending: 'timed-out' })
  })

  test('can be set anew from now on, to less too', async () => {
    using sandbox = start(LONG_MS, LONG_MS)
    sandbox.timers.set({ timeoutMs: 80 })
    expect(sandbox.timers.lifeMs).toBeLessThanOrEqual(80)
    expect(sandbox.timers.times).toEqual({ timeoutMs: 80, idleTimeoutMs: LONG_MS })
    expect(await sandbox.over).toMatchObject({ ending: 'timed-out' })
  })
})
