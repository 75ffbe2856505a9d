import { describe, expect, test } from 'vitest'
import { describeSystem } from '../src/views/operate/overview.ts'
import { exampleStats, exampleWorker, exampleQueue as queue } from './examples.ts'

const NOW = Date.parse('2026-11-29T12:30:00.000Z')
const NOON = '2026-11-29T12:00:00.000Z'

const worker = (given: Parameters<typeof exampleWorker>[0]) => exampleWorker({ busy: 3, ...given })
const lastHour = (ended: Record<string, number>) =>
  exampleStats(Object.fromEntries(Object.entries(ended).map(([name, count]) => [name, [count, 0, 0]])))
const say = (parts: Parameters<typeof describeSystem>[0]): string =>
  describeSystem(parts, NOW)
    .map(({ text }) => text)
    .join('')

describe('The sentence about the system', () => {
  test('has workers, sandboxes, the queue and the last hour', () => {
    const sentence = say({
      workers: [worker({}), worker({ id: 'w2' })],
      queue: queue({ waiting: 3, oldestAt: '2026-11-29T12:29:58.800Z' }),
      lastHour: lastHour({ succeeded: 1_000, failed: 201, 'sandbox-failed': 3 }),
    })
    expect(sentence).toBe(
      '2 workers, 6 of 8 sandboxes busy, 3 jobs wait, the oldest 1.20 s. In the last hour 1,204 ended, 3 by our fault.',
    )
  })

  test('leads from each number to the runs behind it', () => {
    const phrases = describeSystem(
      {
        workers: [worker({})],
        queue: queue({ waiting: 1 }),
        lastHour: lastHour({ succeeded: 2, 'sandbox-failed': 1 }),
      },
      NOW,
    )
    expect(phrases.flatMap(({ text, to }) => (to === undefined ? [] : [[text, to]]))).toEqual([
      ['1 worker', '#workers'],
      ['3 of 4 sandboxes busy', '/history?status=running'],
      ['1 job waits', '/history?status=queued'],
      ['3 ended', `/history?from=${NOON}&by=finished`],
      ['1 by our fault', `/history?outcome=sandbox-failed&from=${NOON}&by=finished`],
    ])
  })

  test('is quiet where nothing happens', () => {
    expect(say({ workers: [worker({ busy: 0 })], queue: queue({}), lastHour: lastHour({}) })).toBe(
      '1 worker, 0 of 4 sandboxes busy, no job waits. In the last hour nothing ended.',
    )
    expect(say({ lastHour: lastHour({ succeeded: 1 }) })).toBe('In the last hour 1 ended, none by our fault.')
  })

  test('counts only workers that are alive, and says how many of them take no jobs', () => {
    const dead = worker({ id: 'w2', alive: false, ready: false, state: 'dead' })
    const drained = worker({ id: 'w3', ready: false, state: 'drained', busy: 0 })
    expect(say({ workers: [worker({}), dead, drained] })).toBe('2 workers, 1 of them not ready, 3 of 8 sandboxes busy.')
    expect(say({ workers: [dead], queue: queue({}) })).toBe('No worker is alive, no job waits.')
  })

  test('leaves out what is not known', () => {
    expect(say({})).toBe('')
    expect(say({ queue: queue({}) })).toBe('no job waits.')
  })
})
