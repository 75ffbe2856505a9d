import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { inspect, isDeepStrictEqual } from 'node:util'
import type { Sandboxes } from '../../src/index.ts'
import { run } from '../run.ts'

const PAUSE_MS = 150
const ALONE = 10
const LINES = 20
const EXITED = { type: 'exited', exitCode: 0 }

const SOURCE = `import hashlib, sys
for line in range(${LINES}): print(hashlib.sha256(f"{sys.argv[1]} {line}".encode()).hexdigest())`

const expectedOf = (visitor: number): string =>
  Array.from(
    { length: LINES },
    (_, line) => `${createHash('sha256').update(`${visitor} ${line}`).digest('hex')}\n`,
  ).join('')

interface Visit {
  readonly since: number
  readonly tookMs: number
  readonly complaint: string | undefined
}

/** Short harmless programs, one after another while hostile programs run. Each byte of their output is checked. */
export interface Visitors {
  /** What was wrong with the visitors since that moment (of `performance.now`). */
  complaintsSince(since: number): readonly string[]
  /** The median of the visits before any hostile program ran. */
  readonly aloneMs: number
  /** The number of visits since that moment. */
  countSince(since: number): number
  /** Resolves after the last visit with the median and the longest of all visits. */
  end(): Promise<{ medianMs: number; longestMs: number }>
}

const medianOf = (visits: readonly Visit[]): number =>
  visits.map(({ tookMs }) => tookMs).sort((a, b) => a - b)[Math.floor(visits.length / 2)] ?? 0

export const startVisitors = async (sandboxes: Sandboxes): Promise<Visitors> => {
  const visits: Visit[] = []
  let isOver = false

  const visit = async (): Promise<void> => {
    const since = performance.now()
    const number = visits.length
    let complaint: string | undefined
    const options = { source: SOURCE, program: { args: [String(number)] }, tenantId: 'visitors' }
    try {
      const { stdout, stderr, outcome } = await run(sandboxes, options)
      const isRight =
        stdout.toString() === expectedOf(number) && stderr.length === 0 && isDeepStrictEqual(outcome, EXITED)
      if (!isRight) complaint = `Visitor ${number}: ${inspect(outcome)} ${stdout} ${stderr}`
    } catch (error) {
      complaint = `Visitor ${number}: ${inspect(error)}`
    }
    visits.push({ since, tookMs: performance.now() - since, complaint })
  }
  for (let alone = 0; alone < ALONE; alone += 1) await visit()
  const aloneMs = medianOf(visits)
  const visited = (async () => {
    while (!isOver) {
      await visit()
      await delay(PAUSE_MS)
    }
  })()
  return {
    complaintsSince: (since) =>
      visits.flatMap((one) => (one.since >= since && one.complaint !== undefined ? [one.complaint] : [])),
    aloneMs,
    countSince: (since) => visits.filter((one) => one.since >= since).length,
    async end() {
      isOver = true
      await visited
      return { medianMs: medianOf(visits.slice(ALONE)), longestMs: Math.max(...visits.map(({ tookMs }) => tookMs)) }
    },
  }
}
