import { expect, it } from 'vitest'
import { jobEventSchema } from '../src/public/index.ts'
import { FIRST_LIMITS } from './first-limits.ts'

const BASE = { jobId: `job_${'0'.repeat(32)}`, id: '1-1', at: '2026-01-01T00:00:00.000Z' }
const PORT = { sandboxId: `sbx-${'0'.repeat(24)}`, port: 5000 }
const OUTPUT = { encoding: 'utf8', data: 'x' }

const EVENTS = [
  {
    ...BASE,
    type: 'queued',
    language: 'python',
    extracted: { firstLine: 3, lastLine: 9 },
    limits: FIRST_LIMITS,
    interactive: false,
  },
  { ...BASE, type: 'queued', language: 'python', limits: FIRST_LIMITS, interactive: true, tty: true },
  { ...BASE, type: 'started' },
  { ...BASE, type: 'started', cols: 80, rows: 24 },
  { ...BASE, type: 'stdout', ...OUTPUT },
  { ...BASE, type: 'stderr', ...OUTPUT },
  { ...BASE, type: 'dropped', first: '1-2' },
  { ...BASE, type: 'port', ...PORT, open: true, url: 'http://5000-sbx-0.localhost:8080' },
  { ...BASE, type: 'port', ...PORT, open: false },
  { ...BASE, type: 'restarted' },
  { ...BASE, type: 'finished', outcome: { type: 'exited', exitCode: 0 }, usage: null },
]

it('There is an example of each type of event', () => {
  const types = jobEventSchema.options.map(({ shape }) => shape.type.value)
  expect([...new Set(EVENTS.map(({ type }) => type))].toSorted()).toEqual(types.toSorted())
})

it.each(EVENTS)('An event $type from another version is read without its unknown fields', (event) => {
  const read = jobEventSchema.parse({ ...event, later: 1 })
  expect(read).toEqual(event)
})
