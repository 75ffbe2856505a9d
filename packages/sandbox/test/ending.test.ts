import { defaultLimits, type Outcome } from '@runnel/contract/public'
import { describe, expect, it } from 'vitest'
import { type Facts, toOutcome } from '../src/agent/ending.ts'
import type { ExitReport } from '../src/agent/protocol.ts'

const limits = defaultLimits()
const report = (over: Partial<ExitReport>): ExitReport => ({
  code: 0,
  signal: null,
  wallMs: 1,
  cpuMs: 1,
  peakMemoryBytes: 1,
  oomKilled: false,
  limit: null,
  hits: [],
  ...over,
})

const killed = { code: null, signal: 9 }
const cases: [string, Partial<ExitReport>, Facts['intent'], Outcome][] = [
  ['its own exit code', { code: 7 }, undefined, { type: 'exited', exitCode: 7 }],
  ['an exit code of 137 it chose itself', { code: 137 }, undefined, { type: 'exited', exitCode: 137 }],
  ['its own signal', { code: null, signal: 11 }, undefined, { type: 'signaled', signal: 'SIGSEGV' }],
  ['SIGKILL from its own process', killed, undefined, { type: 'signaled', signal: 'SIGKILL' }],
  [
    'memory',
    { ...killed, oomKilled: true, hits: ['memoryBytes'] },
    undefined,
    { type: 'out-of-memory', limitBytes: limits.memoryBytes },
  ],
  [
    'itself, after a child died of memory',
    { code: 0, oomKilled: true, hits: ['memoryBytes'] },
    undefined,
    { type: 'exited', exitCode: 0, limitsHit: [{ limit: 'memoryBytes', value: limits.memoryBytes }] },
  ],
  [
    'the wall limit',
    { ...killed, limit: 'wall' },
    undefined,
    { type: 'timed-out', limit: 'wall', limitMs: limits.wallMs },
  ],
  [
    'the wall limit, exiting with 0 after SIGTERM',
    { code: 0, limit: 'wall' },
    undefined,
    { type: 'timed-out', limit: 'wall', limitMs: limits.wallMs },
  ],
  ['the cpu limit', { ...killed, limit: 'cpu' }, undefined, { type: 'timed-out', limit: 'cpu', limitMs: limits.cpuMs }],
  [
    'the output limit',
    { ...killed, limit: 'output' },
    undefined,
    { type: 'output-limit', limitBytes: limits.outputBytes },
  ],
  [
    'a cancel, with anything else that happened',
    { ...killed, oomKilled: true, limit: 'wall' },
    'canceled',
    { type: 'canceled' },
  ],
  [
    'itself, after being refused processes and disk',
    { code: 1, hits: ['diskBytes', 'processes'] },
    undefined,
    {
      type: 'exited',
      exitCode: 1,
      limitsHit: [
        { limit: 'diskBytes', value: limits.diskBytes },
        { limit: 'processes', value: limits.processes },
      ],
    },
  ],
]

describe('How a job ended', () => {
  it.each(cases)('follows from the facts: %s', (_name, over, intent, outcome) => {
    expect(toOutcome({ intent, report: report(over), limits })).toEqual(outcome)
  })
})
