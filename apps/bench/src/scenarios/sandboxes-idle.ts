import { setTimeout as delay } from 'node:timers/promises'
import { Sandbox } from '@runnel/client'
import { openRunnelStream, pythonJob } from '../contenders/runnel-stream.ts'
import { askOneByOne } from '../load.ts'
import { toLatencyRow, toRow } from '../report/row.ts'
import { readSandboxUsage } from '../system/container-stats.ts'
import type { Scenario } from './scenario.ts'

const SANDBOXES = 200
const AT_ONCE = 4
const PROGRAMS = 50
const WATCH_MS = 5_000
const MIB = 1024 * 1024
const ENV = {
  RUNNEL_LANGUAGES: 'python',
  RUNNEL_MAX_SANDBOXES: `${SANDBOXES}`,
  RUNNEL_MAX_SANDBOXES_PER_TENANT: `${SANDBOXES}`,
}

export const sandboxesIdle: Scenario = {
  says: `${SANDBOXES} living sandboxes that nobody uses: what they take, and what they cost the jobs beside them`,
  async run(bench) {
    await using system = await bench.startSystem('sandboxes-idle', ENV)
    using stream = await openRunnelStream(system.url, pythonJob)
    const measureJobs = async () => {
      await system.untilQuiet()
      await askOneByOne(stream, PROGRAMS)
      await system.untilQuiet()
      return askOneByOne(stream, PROGRAMS)
    }
    const without = await measureJobs()
    const others = new Set(await system.listSandboxes())
    const made: Sandbox[] = []
    const make = async () => {
      while (made.length < SANDBOXES) {
        const place = made.length
        made.length += 1
        made[place] = await Sandbox.create({ baseUrl: system.url, timeoutMs: 1_800_000, idleTimeoutMs: 1_800_000 })
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, make))
    const withThem = await measureJobs()
    const ids = (await system.listSandboxes()).filter((id) => !others.has(id)).slice(0, SANDBOXES)
    const readAll = () => Promise.all(ids.map((id) => readSandboxUsage(bench.docker, id)))
    const before = await readAll()
    await delay(WATCH_MS)
    const after = await readAll()
    await Promise.all(made.map((sandbox) => sandbox.kill()))
    const used = after.map(({ cpuMs }, at) => ((cpuMs - (before[at]?.cpuMs ?? 0)) / WATCH_MS) * 100)
    return [
      toLatencyRow('runnel-stream', 'first byte, without sandboxes', without, 'firstByteMs'),
      toLatencyRow('runnel-stream', 'first byte, beside them', withThem, 'firstByteMs'),
      toRow(
        'runnel-sandbox',
        'memory of one',
        'MiB',
        after.map(({ memoryBytes }) => memoryBytes / MIB),
      ),
      toRow('runnel-sandbox', 'processor time of one', '%', used),
    ]
  },
}
