import { setTimeout as delay } from 'node:timers/promises'
import type Docker from 'dockerode'
import { toRow } from '../report/row.ts'
import type { Scenario } from './scenario.ts'

const WATCH_MS = 5_000
const MIB = 1024 * 1024
const NS_PER_MS = 1e6

interface Reading {
  readonly memoryBytes: number
  readonly cpuMs: number
}

/** Memory as `docker stats` shows it: what the container's control group holds, without file pages it could drop at once. */
const read = async (docker: Docker, id: string): Promise<Reading> => {
  const { memory_stats, cpu_stats } = await docker.getContainer(id).stats({ stream: false, 'one-shot': true })
  if (memory_stats.stats === undefined) throw new Error('The engine has no statistics of its containers')
  // The first field is from control groups version 1, the second from version 2.
  const { total_inactive_file, inactive_file = 0 } = memory_stats.stats
  return {
    memoryBytes: memory_stats.usage - (total_inactive_file ?? inactive_file),
    cpuMs: cpu_stats.cpu_usage.total_usage / NS_PER_MS,
  }
}

export const idle: Scenario = {
  says: `ready Python sandboxes that nobody uses, watched for ${WATCH_MS / 1_000} s`,
  async run(bench) {
    await using system = await bench.startSystem('idle', { RUNNEL_LANGUAGES: 'python' })
    await system.untilQuiet()
    const ids = await system.listSandboxes()
    const readAll = () => Promise.all(ids.map((id) => read(bench.docker, id)))
    const before = await readAll()
    await delay(WATCH_MS)
    const after = await readAll()
    const used = after.map(({ cpuMs }, at) => ((cpuMs - (before[at]?.cpuMs ?? 0)) / WATCH_MS) * 100)
    const memory = after.map(({ memoryBytes }) => memoryBytes / MIB)
    return [
      toRow('runnel-stream', 'memory of a sandbox', 'MiB', memory),
      toRow('runnel-stream', 'processor time of a sandbox', '%', used),
    ]
  },
}
