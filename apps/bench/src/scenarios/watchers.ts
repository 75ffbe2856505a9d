import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { jobSchema } from '@runnel/contract/public'
import { createHttpClient } from '../clients/http-client.ts'
import { type Row, toRow } from '../report/row.ts'
import { readMemory } from '../system/process-memory.ts'
import type { CrowdReport } from '../watchers/crowd.ts'
import type { Scenario } from './scenario.ts'

const WATCHERS = 1_000
const LINES_A_SECOND = 50
const FOR_S = 8
const KIB = 1024
const MEMORY_EVERY_MS = 250

/** Waits for a line of input, so that all watchers get its first line of output. Then it prints the time at an even pace. */
const PROGRAM = `import sys, time
sys.stdin.readline()
began = time.monotonic()
for line in range(${LINES_A_SECOND * FOR_S}):
    time.sleep(max(0, began + line / ${LINES_A_SECOND} - time.monotonic()))
    sys.stdout.write(f"{time.time():.6f}\\n")
`

/** The most memory that the API holds from now until the result is called. */
const watchMemory = (pid: number): { readonly before: number | undefined; stop(): number | undefined } => {
  const before = readMemory(pid)
  let most = before
  const look = () => {
    const now = readMemory(pid)
    if (now !== undefined) most = Math.max(most ?? 0, now)
  }
  const timer = setInterval(look, MEMORY_EVERY_MS)
  return {
    before,
    stop() {
      look()
      clearInterval(timer)
      return most
    },
  }
}

const startCrowd = (url: string) => {
  const child = fork(join(import.meta.dirname, '../watchers/crowd.ts'), [url, `${WATCHERS}`])
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`The watchers ended with code ${code}`)
  })
  failed.catch(() => {})
  const next = async () => (await Promise.race([once(child, 'message'), failed]))[0]
  return { next, [Symbol.dispose]: () => void child.kill() }
}

/** A system of its own, because the memory of the watchers shows best in an API that did nothing else. */
export const watchers: Scenario = {
  says: `${WATCHERS} WebSockets that watch one program print ${LINES_A_SECOND} lines a second for ${FOR_S} s`,
  async run(bench): Promise<readonly Row[]> {
    await using system = await bench.startSystem('watchers', { RUNNEL_LANGUAGES: 'python', RUNNEL_POOL_MIN: '1' })
    await system.untilQuiet()
    using client = createHttpClient(system.url)
    const { id } = jobSchema.parse(
      await client.post('/v1/jobs', { language: 'python', code: PROGRAM, interactive: true }),
    )
    const memory = watchMemory(system.api.pid)
    using crowd = startCrowd(`${system.url}/v1/jobs/${id}/events`)
    await crowd.next()
    const reported = crowd.next()
    await client.post(`/v1/jobs/${id}/stdin`, { data: 'go\n', end: true })
    const report: CrowdReport = await reported
    const most = memory.stop()
    const { before } = memory
    const missing = Array.from({ length: report.watchers - report.complete }, () => 'Not every event came')
    const perWatcher = most === undefined || before === undefined ? [] : [(most - before) / report.watchers / KIB]
    return [
      {
        ...toRow('runnel-watch', 'delay of an event', 'ms', [], missing),
        asked: report.watchers,
        succeeded: report.complete,
        ...(report.delayMs === undefined ? {} : { summary: report.delayMs }),
      },
      toRow('runnel-watch', 'events a watcher', 'events', [report.events]),
      toRow('runnel-watch', 'memory of the API for a watcher', 'KiB', perWatcher),
    ]
  },
}
