import type { Limits } from '@runnel/contract/public'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestSandboxes, type TestSandboxes } from './docker-fixture.ts'
import { run } from './run.ts'

const MIB = 1024 * 1024

interface Boundary {
  readonly of: string
  readonly limits: Partial<Limits>
  /** A program that takes `share` of its limit. */
  readonly take: (share: number) => string
  readonly inside: number
  readonly beyond: number
  /** How a program beyond the limit ends. */
  readonly ends: Readonly<Record<string, unknown>>
}

const DISK = { diskBytes: 8 * MIB }
const DISK_ENDS = { type: 'exited', exitCode: 1, limitsHit: [{ limit: 'diskBytes', value: 8 * MIB }] }

/** Bytes and files are counted exactly. The clocks of a busy machine are not that exact. */
const BOUNDARIES: readonly Boundary[] = [
  {
    of: 'memory',
    limits: { memoryBytes: 128 * MIB },
    // The sandbox itself uses a part of it.
    take: (share) => `import glob
[path] = glob.glob("/sys/fs/cgroup/memory/memory.usage_in_bytes") + glob.glob("/sys/fs/cgroup/memory.current")
used = int(open(path).read())
kept = bytearray(int(${128 * MIB * share}) - used)
kept[::4096] = b"x" * len(kept[::4096])`,
    inside: 0.99,
    beyond: 1.01,
    ends: { type: 'out-of-memory', limitBytes: 128 * MIB },
  },
  {
    of: 'disk, in bytes',
    limits: DISK,
    take: (share) => `for half in "12":
    with open(half, "wb") as file: file.write(bytes(int(${4 * MIB * share})))`,
    inside: 0.99,
    beyond: 1.01,
    ends: DISK_ENDS,
  },
  {
    of: 'disk, in files',
    limits: DISK,
    take: (share) => `for n in range(int(${2048 * share})): open(f"{n}", "w").close()`,
    inside: 0.99,
    beyond: 1.01,
    ends: DISK_ENDS,
  },
  {
    of: 'processor time',
    limits: { cpuMs: 500 },
    take: (share) => `import time\nwhile time.process_time() < ${0.5 * share}: pass`,
    inside: 0.9,
    beyond: 1.5,
    ends: { type: 'timed-out', limit: 'cpu', limitMs: 500 },
  },
  {
    of: 'time',
    limits: { wallMs: 1_500 },
    take: (share) => `import time\ntime.sleep(${1.5 * share})`,
    inside: 0.7,
    beyond: 2,
    ends: { type: 'timed-out', limit: 'wall', limitMs: 1_500 },
  },
]

describe.concurrent('A program', () => {
  let sandboxes: TestSandboxes
  beforeAll(() => {
    sandboxes = createTestSandboxes()
  })
  afterAll(() => sandboxes[Symbol.asyncDispose]())

  it.for(BOUNDARIES)('just below its limit of $of runs to its end, and just above it is ended', async (boundary) => {
    const { limits, take, inside, beyond, ends } = boundary
    const [within, over] = await Promise.all(
      [inside, beyond].map((share) => run(sandboxes, { source: take(share), limits })),
    )
    expect({ ...within?.outcome, stderr: within?.stderr.toString() }).toEqual({
      type: 'exited',
      exitCode: 0,
      stderr: '',
    })
    expect(over?.outcome).toEqual(ends)
  })

  it('that computes in eight threads gets the time of only one processor', async () => {
    const source = `import hashlib, threading, time
def burn():
    while time.process_time() < 1: hashlib.pbkdf2_hmac("sha256", b"x", b"y", 10_000)
for _ in range(8): threading.Thread(target=burn).start()`
    const { usage, outcome } = await run(sandboxes, { source })
    expect(outcome).toEqual({ type: 'exited', exitCode: 0 })
    expect(usage.cpuMs).toBeGreaterThanOrEqual(1_000)
    expect((usage.cpuMs ?? 0) / usage.wallMs).toBeLessThan(1.2)
  })
})
