import { describe, expect, test } from 'vitest'
import { describeDrain, toSquares } from '../src/views/operate/worker-words.ts'
import { exampleWorker as worker } from './examples.ts'

describe('A drain', () => {
  test('says what it will do before it is done', () => {
    expect(describeDrain(worker({}), [worker({}), worker({ id: 'w2', concurrency: 6 })])).toEqual([
      'It takes no new jobs. The 2 jobs that run on it finish as usual.',
      '1 other worker with 6 sandboxes goes on.',
      'You can take it back at any time.',
    ])
  })

  test('warns if no other worker is ready', () => {
    const others = [worker({}), worker({ id: 'w2', ready: false, state: 'no-engine' })]
    expect(describeDrain(worker({ busy: 0 }), others).slice(0, 2)).toEqual([
      'It takes no new jobs. None runs on it now.',
      'No other worker is ready: all jobs wait until you take this one back, or start another.',
    ])
  })
})

describe('The squares of a worker', () => {
  test('are one for each job that it runs at once: busy, warm, empty', () => {
    expect(toSquares(worker({}))).toEqual(['busy', 'busy', 'idle', 'empty'])
  })

  test('never show more warm sandboxes than there is room for', () => {
    expect(toSquares(worker({ busy: 3, pool: { idle: 9, bound: 9 } }))).toEqual(['busy', 'busy', 'busy', 'idle'])
  })

  test('are empty when the worker is lost', () => {
    expect(toSquares(worker({ alive: false, concurrency: 2 }))).toEqual(['empty', 'empty'])
  })

  test('give way to the numbers where there would be too many', () => {
    expect(toSquares(worker({ concurrency: 65 }))).toEqual([])
  })
})
