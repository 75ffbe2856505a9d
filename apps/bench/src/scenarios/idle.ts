import { setTimeout as delay } from 'node:timers/promises'
import { toRow } from '../report/row.ts'
import { readSandboxUsage } from '../system/container-stats.ts'
import type { Scenario } from './scenario.ts'

const WATCH_MS = 5_000
const MIB = 1024 * 1024

export const idle: Scenario = {
  says: `ready Python sandboxes that nobody uses, watched for ${WATCH_MS / 1_000} s`,
  async run(bench) {
    await using system = await bench.startSystem('idle', { RUNNEL_LANGUAGES: 'python', RUNNEL_SANDBOX_POOL_MIN: '0' })
    await system.untilQuiet()
    const ids = await system.listSandboxes()
    const readAll = () => Promise.all(ids.map((id) => readSandboxUsage(bench.docker, id)))
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
