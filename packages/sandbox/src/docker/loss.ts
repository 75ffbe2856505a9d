import { setTimeout as delay } from 'node:timers/promises'
import type { Limits } from '@runnel/contract/public'
import { type RunEvent, SandboxFailure } from '../sandbox.ts'
import type { Engine } from './engine.ts'

/** The engine hears of the end a moment after we do. */
const NOTICED_WITHIN_MS = 1_000
/** And of its cause at times a moment later still: the two come to it as events, in no order. */
const EXPLAINED_WITHIN_MS = 300
const LOOK_AGAIN_MS = 20
/** What a process that was killed ends with, for the engine. */
const KILLED = 128 + 9

const wasOutOfMemory = async (engine: Pick<Engine, 'inspect'>, containerId: string): Promise<boolean> => {
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
 * A sandbox that ended before its agent could say how. Two causes are the program's own: the kernel, out of memory in
 * there, took the agent along, of which only the engine's record counts; or the program was past its time and left the
 * agent nothing to speak with. An engine that does not answer, or no longer has the container, is itself the cause.
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
      usage: { wallMs, cpuMs: 0, peakMemoryBytes: limits.memoryBytes },
    }
  }
  if (!error.ranOver) return undefined
  return {
    type: 'ended',
    outcome: { type: 'timed-out', limit: 'wall', limitMs: limits.wallMs },
    usage: { wallMs: limits.wallMs, cpuMs: 0, peakMemoryBytes: null },
  }
}
