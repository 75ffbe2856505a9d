import { defaultLimits } from '@runnel/contract/public'
import { RUN_LABEL } from '@runnel/testing'
import Docker from 'dockerode'
import { expect, inject, it } from 'vitest'
import { runProgram } from '../src/agent/exec.ts'
import { type Container, startContainer } from '../src/docker/container.ts'
import { createEngine } from '../src/docker/engine.ts'

const JOBS = 10_000
const MIB = 1024 * 1024
const ARGV = ['python3', '-u', 'main.py']
const SOURCE = 'import os, socket\nopen("/tmp/f", "w").write("x" * 10_000)\nsocket.create_server(("127.0.0.1", 0))'
const PROGRAM = {
  language: 'python',
  files: [{ path: 'main.py', content: SOURCE, encoding: 'utf8' as const }],
  entry: 'main.py',
  args: [],
  env: {},
  stdin: '',
  interactive: false,
}

async function* noControls(): AsyncGenerator<never> {}

/** Resolves when the cell is ready for the next one. */
const runOne = async ({ connection }: Container): Promise<void> => {
  const ready = connection.nextReady()
  const request = {
    program: PROGRAM,
    limits: defaultLimits(),
    signal: new AbortController().signal,
    controls: noControls(),
  }
  for await (const event of runProgram(connection, request, { argv: ARGV, coldEnv: {}, killGraceMs: 300 })) {
    if (event.type === 'ended') expect(event.outcome).toEqual({ type: 'exited', exitCode: 0 })
  }
  await ready
}

/** The memory that counts for the container, in bytes, and its number of processes between two programs. */
const measure = async ({ id }: Container) => {
  const { memory_stats, pids_stats } = await new Docker().getContainer(id).stats({ stream: false })
  if (pids_stats?.current === undefined) throw new Error('The engine counts no processes')
  return { bytes: memory_stats.usage, processes: pids_stats.current }
}

// Of its own, because a worker gives a job another cell when one is old or not ready yet.
it('Ten thousand programs in one cell leave no growth', async () => {
  const engine = createEngine(new Docker())
  const cell = await startContainer(engine, {
    image: 'runnel/python',
    confinement: 'cell',
    use: 'programs',
    appArmor: undefined,
    ...defaultLimits(),
    cpus: 1,
    runtime: undefined,
    labels: { [RUN_LABEL]: inject('testRun') },
    warm: { by: 'fork', argv: ARGV, env: {} },
  })
  try {
    for (let jobs = 0; jobs < JOBS / 10; jobs += 1) await runOne(cell)
    const early = await measure(cell)
    for (let jobs = JOBS / 10; jobs < JOBS; jobs += 1) await runOne(cell)
    const late = await measure(cell)
    expect(late.processes).toBe(early.processes)
    expect(late.bytes - early.bytes).toBeLessThan(MIB)
  } finally {
    cell.connection.close(new Error('The test is over'))
    await engine.remove(cell.id)
  }
})
