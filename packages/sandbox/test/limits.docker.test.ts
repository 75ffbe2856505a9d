import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestSandboxes, type TestSandboxes } from './docker-fixture.ts'
import { type RunOptions, run as runIn } from './run.ts'

const MIB = 1024 * 1024

describe.concurrent('A container ends, inside its limits,', () => {
  let sandboxes: TestSandboxes
  beforeAll(() => {
    sandboxes = createTestSandboxes()
  })
  afterAll(() => sandboxes[Symbol.asyncDispose]())

  /** Runs the program at the same time as a harmless one, and then another harmless one. Neither may notice anything. */
  const run = async (options: RunOptions) => {
    const neighbour = runIn(sandboxes, {
      source: 'import time\nfor i in range(20): time.sleep(0.05)\nprint("undisturbed")',
    })
    const result = await runIn(sandboxes, options)
    const next = await runIn(sandboxes, { source: 'print("next")' })
    expect((await neighbour).stdout.toString()).toBe('undisturbed\n')
    expect(next.stdout.toString()).toBe('next\n')
    return result
  }

  it('a program that takes more memory than it may', async () => {
    // More than any machine has: Python refuses it. What could be there is ended by the kernel.
    const refused = await run({ source: 'x = bytearray(10**18)', limits: { memoryBytes: 64 * MIB } })
    expect(refused.outcome).toEqual({ type: 'exited', exitCode: 1 })
    expect(refused.stderr.toString()).toMatch(/\nMemoryError\n$/)
    const touched = await run({
      source: 'x = []\nwhile True: x.append(bytearray(1 << 20))',
      limits: { memoryBytes: 64 * MIB },
    })
    expect(touched.outcome).toEqual({ type: 'out-of-memory', limitBytes: 64 * MIB })
    expect(touched.usage.peakMemoryBytes).toBeLessThanOrEqual(64 * MIB)
    expect(touched.usage.wallMs).toBeLessThan(10_000)
  })

  it('a program whose child takes all memory, if the program continues: as exited, with the limit that was hit', async () => {
    const source = `import os
pid = os.fork()
if pid == 0:
    x = []
    while True: x.append(bytearray(1 << 20))
os.waitpid(pid, 0)
print("child is gone")`
    const { stdout, outcome } = await run({ source })
    expect(stdout.toString()).toBe('child is gone\n')
    expect(outcome).toEqual({ type: 'exited', exitCode: 0, limitsHit: [{ limit: 'memoryBytes', value: 256 * MIB }] })
  })

  it('a fork bomb', async () => {
    const { outcome } = await run({
      language: 'bash',
      source: 'bomb() { bomb | bomb & }; bomb; sleep 60',
      limits: { wallMs: 1_500, processes: 40 },
    })
    expect(outcome).toEqual({
      type: 'timed-out',
      limit: 'wall',
      limitMs: 1_500,
      limitsHit: [{ limit: 'processes', value: 40 }],
    })
  })

  it('a fork bomb whose processes leave their parents, at its cpu limit', async () => {
    const source = `import os
while True:
    try:
        if os.fork() == 0: os.setsid()
    except OSError: pass`
    const { outcome } = await run({ source, limits: { cpuMs: 1_000 } })
    expect(outcome).toEqual({
      type: 'timed-out',
      limit: 'cpu',
      limitMs: 1_000,
      limitsHit: [{ limit: 'processes', value: 64 }],
    })
  })

  it('a program that starts too many processes: with an error, and the limit that was hit', async () => {
    const source = `import threading, time
count = 1
try:
    for _ in range(100):
        threading.Thread(target=time.sleep, args=(5,), daemon=True).start()
        count += 1
except RuntimeError: pass
print(count)`
    const { stdout, outcome } = await run({ source, limits: { processes: 20 } })
    expect(Number(stdout)).toBe(20)
    expect(outcome).toEqual({ type: 'exited', exitCode: 0, limitsHit: [{ limit: 'processes', value: 20 }] })
  })

  it('a program that may have only one process, started ahead or not', async () => {
    const source = 'import os\ntry: os.fork()\nexcept OSError: print("alone")'
    for (const args of [[], ['cold']]) {
      const { stdout, outcome } = await run({ source, program: { args }, limits: { processes: 1 } })
      expect(stdout.toString()).toBe('alone\n')
      expect(outcome).toEqual({ type: 'exited', exitCode: 0, limitsHit: [{ limit: 'processes', value: 1 }] })
    }
  })

  it('a program that fills the disk: with an error, and the limit that was hit', async () => {
    const { stderr, outcome } = await run({
      source: 'with open("big", "wb") as file:\n    while True: file.write(b"x" * 65536)',
      limits: { diskBytes: 8 * MIB },
    })
    expect(stderr.toString()).toMatch(/\nOSError: \[Errno 28\] No space left on device\n$/)
    expect(outcome).toEqual({ type: 'exited', exitCode: 1, limitsHit: [{ limit: 'diskBytes', value: 8 * MIB }] })
    const spread = await run({
      source: 'for i in range(100):\n    with open(f"big{i}", "wb") as file: file.write(b"x" * 1000000)',
      limits: { diskBytes: 8 * MIB },
    })
    expect(spread.stderr.toString()).toContain('No space left on device')
    expect(spread.outcome).toEqual({ type: 'exited', exitCode: 1, limitsHit: [{ limit: 'diskBytes', value: 8 * MIB }] })
  })

  it('a program that makes files endlessly', async () => {
    const { stderr, outcome } = await run({ source: 'for i in range(10**7): open(f"f{i}", "w").close()' })
    expect(stderr.toString()).toContain('No space left on device')
    expect(outcome).toEqual({ type: 'exited', exitCode: 1, limitsHit: [{ limit: 'diskBytes', value: 64 * MIB }] })
  })

  it('a program that prints endlessly', async () => {
    const { outcome } = await run({ source: 'while True: print("x" * 10000)', limits: { outputBytes: 3 * MIB } })
    expect(outcome).toEqual({ type: 'output-limit', limitBytes: 3 * MIB })
  })

  it('a program that computes with every thread it has', async () => {
    const { outcome, usage } = await run({
      language: 'bash',
      source: 'for i in 1 2 3 4 5 6 7 8; do (while :; do :; done) & done; wait',
      limits: { cpuMs: 1_000 },
    })
    expect(outcome).toEqual({ type: 'timed-out', limit: 'cpu', limitMs: 1_000 })
    // With the grace. It had the time of one processor only.
    expect(usage.cpuMs).toBeLessThan(2_000)
    expect(usage.cpuMs).toBeGreaterThanOrEqual(1_000)
  })

  it('a program with exactly the limits of its job, higher or lower than the defaults', async () => {
    const source = `import glob
for path in ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory.max"):
    if glob.glob(path): print(open(path).read().strip())`
    for (const memoryBytes of [48 * MIB, 512 * MIB]) {
      const { stdout, warm } = await run({ source, limits: { memoryBytes, processes: 100 } })
      expect([Number(stdout), warm]).toEqual([memoryBytes, true])
    }
  })
})
