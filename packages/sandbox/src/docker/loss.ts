import type { Limits } from '@runnel/contract'
import { type RunEvent, SandboxFailure } from '../sandbox.ts'
import type { Engine } from './engine.ts'

/**
 * A sandbox that ended before its agent could say how. One cause is the program's own: the kernel, out of memory in
 * there, took the agent along. Only then is the engine asked, and only its record of that counts.
 */
export const explainLoss = async (
  engine: Engine,
  containerId: string,
  limits: Limits,
  error: unknown,
): Promise<RunEvent | undefined> => {
  if (!(error instanceof SandboxFailure) || !error.programStarted) return undefined
  const state = await engine.inspect(containerId).then(
    ({ State }) => State,
    () => undefined,
  )
  if (state?.OOMKilled !== true) return undefined
  return {
    type: 'ended',
    outcome: { type: 'out-of-memory', limitBytes: limits.memoryBytes },
    usage: { wallMs: 0, cpuMs: 0, peakMemoryBytes: limits.memoryBytes },
  }
}
