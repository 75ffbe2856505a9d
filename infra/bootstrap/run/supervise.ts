// One run of Runnel, from the first process to the last.
//
//   claim the record ─▶ Redis ─▶ API and workers ─▶ ready ─▶ cells ─▶ the example ─▶ stay ─▶ workers, API, Redis ─▶ record gone
//
// After a signal, a launcher that ends too early or a part that is given up, the run ends in the same way: it releases in
// reverse order. A second signal kills and removes everything at once.
import { once } from 'node:events'
import { join } from 'node:path'
import type { Options } from '../options.ts'
import { LOGS } from '../places.ts'
import { untilReady } from './api.ts'
import { cleanUp } from './clean-up.ts'
import { runExample } from './example.ts'
import { bringCells } from './isolation.ts'
import type { KeptPart } from './keep-alive.ts'
import { startApi, startRedis, startWorker } from './parts.ts'
import { claimRecord } from './run-record.ts'
import { readSettingWarnings } from './setting-warnings.ts'
import { createStopSignal } from './stop-signal.ts'
import type { Terminal } from './terminal.ts'
import { DANGER, welcome } from './welcome.ts'

/** More than a worker's own grace, so that it is killed only when it hangs. */
const WORKER_STOP_MS = 20_000
const API_STOP_MS = 5_000
const REDIS_STOP_MS = 5_000

/** Resolves with the exit code when everything has ended. */
export const supervise = async (options: Options, terminal: Terminal): Promise<number> => {
  const record = claimRecord(options.port)
  if (record === undefined) {
    terminal.line('runnel: Runnel already runs from this folder: stop it with `npm stop`.')
    return 1
  }
  const isDetached = process.connected
  const running = new Set<KeptPart>()
  const killAll = async () => {
    for (const part of running) part.kill()
    await cleanUp(record.current())
    process.exit(1)
  }
  const stopping = createStopSignal({ withParent: !isDetached, onSecond: () => void killAll() })
  const { signal } = stopping
  terminal.onAbandoned(() => stopping.abort('its launcher ended'))

  const keep = (resources: AsyncDisposableStack, parts: readonly KeptPart[], graceMs: number) => {
    for (const part of parts) {
      running.add(part)
      part.lasting.catch((error) => stopping.abort(error))
    }
    resources.defer(async () => {
      await Promise.all(parts.map((part) => part.stop(graceMs)))
    })
  }

  const run = async () => {
    await using resources = new AsyncDisposableStack()
    const partsOptions = { options, record, say: terminal.line }
    const redis = await startRedis(partsOptions)
    if (redis.part !== undefined) keep(resources, [redis.part], REDIS_STOP_MS)
    keep(resources, [await startApi(partsOptions, redis.url)], API_STOP_MS)
    const numbers = Array.from({ length: options.workers }, (_, index) => index + 1)
    const workers = await Promise.all(numbers.map((number) => startWorker(partsOptions, redis.url, number)))
    keep(resources, workers, WORKER_STOP_MS)

    const url = `http://127.0.0.1:${options.port}`
    await untilReady(url, options.workers, signal)
    for (const warning of readSettingWarnings(join(LOGS, 'api.log'))) terminal.line(`  ${warning}`)
    const restartWorkers = async () => {
      await Promise.all(workers.map((worker) => worker.restart(WORKER_STOP_MS)))
      await untilReady(url, options.workers, signal)
    }
    const shortfall = await bringCells({ url, signal, say: terminal.line, restartWorkers })
    await runExample(url, terminal, signal)
    terminal.line(welcome(url, options, isDetached, shortfall))
    terminal.ready()
    if (!signal.aborted) await once(signal, 'abort')
    terminal.line('\nStopping …')
  }

  if (options.sandbox === 'local') terminal.line(DANGER)
  // After an orderly stop there is nothing left to clean up.
  await run()
    .catch((error) => stopping.abort(error))
    .finally(() => cleanUp(record.current()))
  if (!(signal.reason instanceof Error)) return 0
  terminal.line(`runnel: ${signal.reason.message}`)
  return 1
}
