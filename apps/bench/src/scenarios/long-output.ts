import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { openStreamClient } from '../clients/stream-client.ts'
import { toRow } from '../report/row.ts'
import type { Scenario } from './scenario.ts'

const MIB = 1024 * 1024
const OUTPUT_MIB = 10
const OUTPUT_BYTES = OUTPUT_MIB * MIB
const ROUNDS = 6
const GIVE_UP_MS = 30_000

/** It starts with a line on stderr, which shows when it started to print and does not add to stdout. */
const PROGRAM = `import sys
sys.stderr.write("go")
sys.stderr.flush()
block = b"${'x'.repeat(63)}\\n" * 1024
for _ in range(${OUTPUT_MIB * 16}):
    sys.stdout.buffer.write(block)
sys.stdout.flush()
`

interface Flow {
  readonly totalMs: number
  readonly flowMs: number
}

const viaRunnel = async (url: string): Promise<Flow> => {
  using client = await openStreamClient(url)
  const job = { language: 'python', code: PROGRAM, limits: { outputBytes: OUTPUT_BYTES + MIB } }
  let bytes = 0
  let firstAt = Number.NaN
  let lastAt = Number.NaN
  const started = performance.now()
  await client.run(job, (event) => {
    if (event.type === 'stderr') firstAt = performance.now()
    if (event.type !== 'stdout') return
    bytes += Buffer.byteLength(event.data, event.encoding)
    lastAt = performance.now()
  })
  if (bytes !== OUTPUT_BYTES) throw new Error(`${bytes} bytes came instead of ${OUTPUT_BYTES}`)
  return { totalMs: lastAt - started, flowMs: lastAt - firstAt }
}

/** Counts until the file has the last byte. What the command does after that does not count. */
const viaDocker = async (folder: string, label: string): Promise<Flow> => {
  await using file = await open(join(folder, 'output'), 'w+')
  const options = ['--rm', '--label', label, '--network', 'none', '--log-driver', 'none', '--entrypoint', 'python3']
  const started = performance.now()
  const child = spawn('docker', ['run', ...options, 'runnel/python', '-u', '-c', PROGRAM], {
    stdio: ['ignore', file.fd, 'pipe'],
  })
  const ended = once(child, 'exit')
  let firstAt = Number.NaN
  child.stderr?.once('data', () => {
    firstAt = performance.now()
  })
  while ((await file.stat()).size < OUTPUT_BYTES) {
    if (performance.now() - started > GIVE_UP_MS) throw new Error('docker run did not print the whole output in time')
    await delay(1)
  }
  const lastAt = performance.now()
  await ended
  return { totalMs: lastAt - started, flowMs: lastAt - firstAt }
}

export const longOutput: Scenario = {
  says: `${OUTPUT_MIB} MiB printed by one program, ${ROUNDS} rounds, in turn: to a WebSocket, to a file`,
  async run(bench) {
    const system = await bench.system()
    const folder = await mkdtemp(join(tmpdir(), 'runnel-bench-'))
    const ours: Flow[] = []
    const theirs: Flow[] = []
    try {
      for (let round = 0; round < ROUNDS; round += 1) {
        await system.untilQuiet()
        ours.push(await viaRunnel(system.url))
        theirs.push(await viaDocker(folder, bench.label))
      }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
    const toSpeeds = (flows: readonly Flow[], key: keyof Flow) => flows.map((flow) => OUTPUT_MIB / (flow[key] / 1_000))
    return [
      toRow('runnel-stream', 'since asking', 'MiB per second', toSpeeds(ours, 'totalMs')),
      toRow('docker-run', 'since asking', 'MiB per second', toSpeeds(theirs, 'totalMs')),
      toRow('runnel-stream', 'since the first byte', 'MiB per second', toSpeeds(ours, 'flowMs')),
      toRow('docker-run', 'since the first byte', 'MiB per second', toSpeeds(theirs, 'flowMs')),
    ]
  },
}
