import Docker from 'dockerode'
import { expect, it } from 'vitest'
import { createTestSandboxes } from './docker-fixture.ts'
import { run } from './run.ts'

const JOBS = 10_000
const MIB = 1024 * 1024

it('Ten thousand programs in one cell leave no growth', async () => {
  await using sandboxes = createTestSandboxes({ poolMin: 1, jobsPerCell: JOBS + 1 })
  const used: string[] = []
  const source = 'import os, socket\nopen("/tmp/f", "w").write("x" * 10_000)\nsocket.create_server(("127.0.0.1", 0))'

  /** The memory that counts for the container, in bytes, and its number of processes between two jobs. */
  const measure = async () => {
    const { memory_stats, pids_stats } = await new Docker().getContainer(used.at(-1) ?? '').stats({ stream: false })
    if (pids_stats?.current === undefined) throw new Error('The engine counts no processes')
    return { bytes: memory_stats.usage, processes: pids_stats.current }
  }
  let early = { bytes: 0, processes: 0 }
  let late = early
  while (used.length < JOBS) {
    const { outcome } = await run(sandboxes, { source, tenantId: 'one', onSandbox: ({ id }) => used.push(id) })
    expect(outcome).toEqual({ type: 'exited', exitCode: 0 })
    if (used.length === 1_000) early = await measure()
    if (used.length === JOBS) late = await measure()
  }
  expect(new Set(used).size, 'all in one cell').toBe(1)
  expect(late.processes).toBe(early.processes)
  expect(late.bytes - early.bytes).toBeLessThan(MIB)
})
