import Docker from 'dockerode'
import { expect, it } from 'vitest'
import { createTestSandboxes } from './docker-fixture.ts'
import { run } from './run.ts'

const JOBS = 10_000
const MIB = 1024 * 1024

it('Ten thousand jobs through one container leave no growth', async () => {
  await using sandboxes = createTestSandboxes({ poolMin: 1, jobsPerContainer: JOBS })
  const used: string[] = []
  const source = 'import os\nopen("/tmp/f", "w").write("x" * 10_000)\nprint(os.getuid())'

  /** The memory that counts for the container, in bytes, and its number of processes between two jobs. */
  const measure = async () => {
    const { memory_stats, pids_stats } = await new Docker().getContainer(used.at(-1) ?? '').stats({ stream: false })
    if (pids_stats?.current === undefined) throw new Error('The engine counts no processes')
    return { bytes: memory_stats.usage, processes: pids_stats.current }
  }
  const uids = new Set<string>()
  let early = { bytes: 0, processes: 0 }
  let late = early
  while (used.length < JOBS) {
    const { stdout } = await run(sandboxes, { source, tenantId: 'one', onSandbox: ({ id }) => used.push(id) })
    uids.add(stdout.toString())
    if (used.length === 1_000) early = await measure()
    // After the last job it has no user left, and ends.
    if (used.length === JOBS - 1) late = await measure()
  }
  expect(new Set(used).size, 'all in one container').toBe(1)
  expect(uids.size, 'each its own user').toBe(JOBS)
  expect(late.processes).toBe(early.processes)
  expect(late.bytes - early.bytes).toBeLessThan(MIB)
})
