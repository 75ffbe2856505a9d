import { eventually } from '@runnel/testing'
import { startSystem, stdoutOf, untilWorkers } from '@runnel/testing/system'
import { expect } from 'vitest'
import type { OwnEngine } from './own-engine.ts'

/** A program that ends well after the restart, unless the restart ends it. */
const CODE = 'import time\nprint("running", flush=True)\ntime.sleep(4)\nprint("ended")'
const JOBS = 6
const AT_ONCE = 4
const ENV = { RUNNEL_CONCURRENCY: String(AT_ONCE) }

/** Restarts the engine under running and waiting jobs. Checks that none is lost and that no container is left. */
export const restartDaemon = async (
  engine: OwnEngine,
  signal: 'SIGTERM' | 'SIGKILL',
  place: { readonly redisUrl: string; readonly prefix: string },
): Promise<void> => {
  {
    await using system = await startSystem({ ...place, env: { ...ENV, DOCKER_HOST: engine.host } })
    const jobs = await Promise.all(
      Array.from({ length: JOBS }, () => system.submit({ language: 'python', code: CODE })),
    )
    await eventually(
      async () => {
        const states = await Promise.all(jobs.map(({ id }) => system.read(id)))
        expect(states.filter(({ status }) => status === 'running')).toHaveLength(AT_ONCE)
      },
      { withinMs: 15_000 },
    )
    await engine.restart(signal)
    const ended = await Promise.all(jobs.map(({ id }) => system.finished(id)))
    expect(ended.map(({ outcome }) => outcome)).toEqual(jobs.map(() => ({ type: 'exited', exitCode: 0 })))
    expect(ended.map(stdoutOf)).toEqual(jobs.map(() => 'running\nended\n'))
    const logs = await Promise.all(jobs.map(({ id }) => system.events(id)))
    // Running jobs started again, and the others started once.
    expect(logs.filter((log) => log.some(({ type }) => type === 'restarted'))).toHaveLength(AT_ONCE)
    expect(logs.map((log) => log.filter(({ type }) => type === 'finished').length)).toEqual(jobs.map(() => 1))
    expect(system.workers.map(({ hasExited }) => hasExited)).toEqual([false])
    await untilWorkers(system, 1, 0)
  }
  await eventually(async () => expect(await engine.list()).toEqual([]), { withinMs: 15_000 })
}
