import { setTimeout as delay } from 'node:timers/promises'
import { defaultLimits } from '@runnel/contract'
import { LANGUAGES } from '@runnel/languages'
import { eventually } from '@runnel/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestSandboxes, type TestSandboxes } from './docker-fixture.ts'
import type { HostileCase } from './hostile/case.ts'
import { disk } from './hostile/disk.ts'
import { forging } from './hostile/forging.ts'
import { kernel } from './hostile/kernel.ts'
import { links } from './hostile/links.ts'
import { memory } from './hostile/memory.ts'
import { type Neighbour, startNeighbour } from './hostile/neighbour.ts'
import { network } from './hostile/network.ts'
import { output } from './hostile/output.ts'
import { processes } from './hostile/processes.ts'
import { processor } from './hostile/processor.ts'
import { signals } from './hostile/signals.ts'
import { type RunResult, run } from './run.ts'

const CASES = [processes, signals, memory, disk, output, processor, forging, links, kernel, network].flat()

const GRACE_MS = 300
/** From the end of every grace to the report, on two processors that hostile programs keep busy. */
const SLACK_MS = 2_000
/** The neighbour shares the processors with up to five such programs; it is never to be kept from them. */
const LONGEST_PAUSE_MS = 3_000
const NEXT_WITHIN_MS = 8_000

/** What the next job of a tenant may find in its sandbox: nothing. */
const LOOK = `import os
def theirs(pid):
    try: return pid != str(os.getpid()) and os.stat(f"/proc/{pid}").st_uid != 0
    except OSError: return False
processes = [pid for pid in os.listdir("/proc") if pid.isdigit() and theirs(pid)]
files = [os.path.join(at, name) for place in ("/workspace", "/tmp", "/dev/shm", "/dev/mqueue") for at, folders, names in os.walk(place) for name in folders + names]
tables = [open(f"/proc/sysvipc/{name}").readlines()[1:] for name in ("shm", "sem", "msg")]
ports = [line for name in ("tcp", "udp", "unix") for line in open(f"/proc/net/{name}").readlines()[1:] if name != "unix" or "@" in line]
print(processes, files, tables, ports, os.listdir("/proc/self/fd") == ["0", "1", "2", "3"])`
const NOTHING_LEFT = "[] ['/workspace/main.py'] [[], [], []] [] True\n"

describe.concurrent('A program that', () => {
  let sandboxes: TestSandboxes
  let neighbour: Neighbour
  beforeAll(() => {
    const languages = LANGUAGES.filter(({ id }) => id !== 'typescript')
    sandboxes = createTestSandboxes({ languages, poolMin: 1, poolMax: 12, graceMs: GRACE_MS })
    neighbour = startNeighbour(sandboxes)
  })
  afterAll(async () => {
    const { stdout, stderr, outcome } = await neighbour.end()
    await sandboxes.check()
    await sandboxes[Symbol.asyncDispose]()
    const lines = stdout.toString().trimEnd().split('\n')
    expect(lines.pop()).toBe('end')
    expect(lines).toEqual(lines.map((_, index) => String(index)))
    expect({ stderr: stderr.toString(), outcome }).toEqual({ stderr: '', outcome: { type: 'exited', exitCode: 0 } })
  })

  const expectInsideLimits = ({ outcome, usage, stdout, stderr }: RunResult, limits: HostileCase['limits']) => {
    const { wallMs, cpuMs, memoryBytes, outputBytes } = { ...defaultLimits(), ...limits }
    expect(usage.wallMs).toBeLessThan(wallMs + GRACE_MS + SLACK_MS)
    expect(usage.cpuMs).toBeLessThan(cpuMs + GRACE_MS + SLACK_MS)
    expect(usage.peakMemoryBytes ?? 0).toBeLessThanOrEqual(memoryBytes)
    expect(stdout.length + stderr.length).toBeLessThanOrEqual(outputBytes)
    if (outcome.type === 'timed-out') expect(outcome.limitMs).toBe(outcome.limit === 'wall' ? wallMs : cpuMs)
  }

  /** The neighbour was never kept waiting for long, and prints still; whoever comes next is served. */
  const expectOthersUntouched = async (since: number, sharedBy: string | undefined) => {
    const printed = neighbour.lines
    const next = run(sandboxes, sharedBy === undefined ? { source: 'print("next")' } : { source: LOOK, sharedBy })
    const { stdout, stderr } = await Promise.race([
      next,
      delay(NEXT_WITHIN_MS, undefined, { ref: false }).then(() => Promise.reject(new Error('The next job waits'))),
    ])
    expect({ stdout: stdout.toString(), stderr: stderr.toString() }).toEqual({
      stdout: sharedBy === undefined ? 'next\n' : NOTHING_LEFT,
      stderr: '',
    })
    await eventually(() => neighbour.lines > printed)
    expect(neighbour.longestPauseMs(since)).toBeLessThan(LONGEST_PAUSE_MS)
  }

  const attack = async (
    { name, ends, prints = '', complains = /^$/, shared, ...wish }: HostileCase,
    sharedBy?: string,
  ) => {
    const since = performance.now()
    const result = await run(sandboxes, { ...wish, ...(sharedBy !== undefined && { sharedBy }) })
    const printed = result.stdout.toString('latin1')
    expect(result.outcome, printed + result.stderr.toString()).toBeOneOf(
      ends.map((ending) => expect.objectContaining(toPattern(ending))),
    )
    if (typeof prints === 'string') expect(printed).toBe(prints)
    else expect(printed).toMatch(prints)
    expect(result.stderr.toString('latin1')).toMatch(complains)
    expectInsideLimits(result, wish.limits)
    await expectOthersUntouched(since, sharedBy)
  }

  it.for(CASES)('$name', { timeout: 40_000 }, (hostile) => attack(hostile))

  describe('as a tenant’s job', () => {
    it.for(CASES.filter(({ shared }) => shared))('$name', { timeout: 40_000 }, (hostile) =>
      attack(hostile, hostile.name),
    )
  })
})

const toPattern = ({ limitsHit, ...ending }: HostileCase['ends'][number]) => ({
  ...ending,
  ...(limitsHit && { limitsHit: expect.arrayContaining(limitsHit.map((hit) => expect.objectContaining(hit))) }),
})
