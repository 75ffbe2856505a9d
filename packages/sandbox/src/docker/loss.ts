import { setTimeout as delay } from 'node:timers/promises'
import type { Limits } from '@runnel/contract'
import { type RunEvent, SandboxFailure } from '../sandbox.ts'
import type { Engine } from './engine.ts'

/** The engine hears of the end a moment after we do, and of its cause with it. */
const NOTICED_WITHIN_MS = 1_000
const LOOK_AGAIN_MS = 20

const wasOutOfMemory = async (engine: Engine, containerId: string): Promise<boolean> => {
  const deadline = performance.now() + NOTICED_WITHIN_MS
  for (;;) {
    const { State } = await engine.inspect(containerId)
    if (State.OOMKilled) return true
    if (!State.Running || performance.now() > deadline) return false
    await delay(LOOK_AGAIN_MS)
  }
}

/**
 * A sandbox that ended before its agent could say how. One cause is the program's own: the kernel, out of memory in
 * there, took the agent along. Only then is the engine asked, and only its record of that counts.
 */
export const explainLoss = async (
  engine: Engine,
  containerId: string,
  limits: Limits,
  error: unknown,
  wallMs: number,
): Promise<RunEvent | undefined> => {
  if (!(error instanceof SandboxFailure) || !error.programStarted) return undefined
  if (!(await wasOutOfMemory(engine, containerId).catch(() => false))) return undefined
  return {
    type: 'ended',
    outcome: { type: 'out-of-memory', limitBytes: limits.memoryBytes },
    usage: { wallMs, cpuMs: 0, peakMemoryBytes: limits.memoryBytes },
  }
}
