import { defaultLimits } from '@runnel/contract/public'
import type { ContainerInspectInfo } from 'dockerode'
import { expect, test } from 'vitest'
import { explainLoss } from '../src/docker/loss.ts'
import { SandboxFailure } from '../src/sandbox.ts'

type State = Pick<ContainerInspectInfo['State'], 'Running' | 'ExitCode' | 'OOMKilled'>

const RUNNING: State = { Running: true, ExitCode: 0, OOMKilled: false }
const KILLED: State = { Running: false, ExitCode: 137, OOMKilled: false }
const EXITED: State = { Running: false, ExitCode: 0, OOMKilled: false }
const OUT_OF_MEMORY: State = { Running: false, ExitCode: 137, OOMKilled: true }

const LIMITS = defaultLimits()
const OUTCOME = {
  type: 'ended',
  outcome: { type: 'out-of-memory', limitBytes: LIMITS.memoryBytes },
  usage: { wallMs: 10, cpuMs: null, peakMemoryBytes: LIMITS.memoryBytes },
}

/** How a program ended whose agent is gone, if the engine reports these states in turn, and then always the last. */
const explain = async (...states: readonly State[]) => {
  let looks = 0
  const engine = {
    async inspect() {
      const State = states[Math.min(looks, states.length - 1)]
      looks += 1
      return { State } as ContainerInspectInfo
    },
  }
  const error = new SandboxFailure('gone', { programStarted: true })
  return explainLoss(engine, 'c', LIMITS, error, 10)
}

test('An agent that the kernel killed, out of memory, counts as the program’s outcome, also if the engine learns the cause late', async () => {
  expect(await explain(OUT_OF_MEMORY)).toEqual(OUTCOME)
  expect(await explain(RUNNING, RUNNING, KILLED, KILLED, KILLED, OUT_OF_MEMORY)).toEqual(OUTCOME)
})

test('An agent that ended otherwise counts as a lost sandbox, as soon as that is known', async () => {
  expect(await explain(RUNNING, EXITED, OUT_OF_MEMORY)).toBe(undefined)
  expect(await explain(RUNNING, KILLED)).toBe(undefined)
})
