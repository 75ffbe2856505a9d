import { setTimeout as delay } from 'node:timers/promises'
import type { Limits } from '@runnel/contract/public'
import { type RunEvent, SandboxFailure } from '../sandbox.ts'
import type { Engine } from './engine.ts'

/** The engine learns of the end a moment after us. */
const NOTICED_WITHIN_MS = 1_000
/** And sometimes of its cause a moment later still: it gets both as events, in no fixed order. */
const EXPLAINED_WITHIN_MS = 300
const LOOK_AGAIN_MS = 20
/** The exit code that the engine gives a killed process. */
const KILLED = 128 + 9

export const wasOutOfMemory = async (engine: Pick<Engine, 'inspect'>, containerId: string): Promise<boolean> => {
  let deadline = performance.now() + NOTICED_WITHIN_MS
  let hasEnded = false
  for (;;) {
    const { State } = await engine.inspect(containerId)
    if (State.OOMKilled) return true
    if (!State.Running && !hasEnded) {
      if (State.ExitCode !== KILLED) return false
      hasEnded = true
      deadline = performance.now() + EXPLAINED_WITHIN_MS
    }
    if (performance.now() > deadline) return false
    await delay(LOOK_AGAIN_MS)
  }
}

/**
 * Explains a sandbox that ended before its agent could report. Two causes are the program's own:
 *
 * 1. The container was out of memory and the kernel killed the agent too. Only the engine's record counts for that.
 * 2. The program was past its time and left the agent no means to report.
 *
 * If the engine does not answer or no longer has the container, the engine is the cause, and the result is undefined.
 */
export const explainLoss = async (
  engine: Pick<Engine, 'inspect'>,
  containerId: string,
  limits: Limits,
  error: unknown,
  wallMs: number,
): Promise<RunEvent | undefined> => {
  if (!(error instanceof SandboxFailure) || !error.programStarted) return undefined
  const isOutOfMemory = await wasOutOfMemory(engine, containerId).catch(() => undefined)
  if (isOutOfMemory === undefined) return undefined
  if (isOutOfMemory) {
    return {
      type: 'ended',
      outcome: { type: 'out-of-memory', limitBytes: limits.memoryBytes },
      usage: { wallMs, cpuMs: null, peakMemoryBytes: limits.memoryBytes },
    }
  }
  if (!error.ranOver) return undefined
  return {
    type: 'ended',
    outcome: { type: 'timed-out', limit: 'wall', limitMs: limits.wallMs },
    usage: { wallMs: limits.wallMs, cpuMs: null, peakMemoryBytes: null },
  }
}
