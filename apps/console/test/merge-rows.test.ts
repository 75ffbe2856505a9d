import { defaultLimits, type JobPage, type ListedJob } from '@runnel/contract/public'
import { describe, expect, test } from 'vitest'
import { holdAt, mergeRows } from '../src/views/history/merge-rows.ts'

/** Job n was submitted in second n. */
const job = (n: number, status: ListedJob['status'] = 'finished'): ListedJob => ({
  id: `job_${String(n).padStart(32, '0')}`,
  status,
  language: 'python',
  submittedAt: new Date(Date.UTC(2026, 10, 29, 12, 0, n)).toISOString(),
  limits: defaultLimits(),
  attempt: 1,
})
const page = (numbers: readonly number[], hasMore = true): JobPage => ({
  jobs: numbers.map((n) => job(n)),
  ...(hasMore ? { next: 'more' } : {}),
})
const numbersOf = (rows: readonly ListedJob[] | undefined) => rows?.map(({ id }) => Number(id.slice(4)))

describe('The rows of the history', () => {
  test('are the loaded pages one after the other', () => {
    expect(numbersOf(mergeRows(undefined, [page([6, 5]), page([4, 3])]))).toEqual([6, 5, 4, 3])
  })

  test('begin with the newest page, without any run twice', () => {
    expect(numbersOf(mergeRows(page([8, 7, 6]), [page([6, 5]), page([4, 3])]))).toEqual([8, 7, 6, 5, 4, 3])
  })

  test('are the newest page alone if nothing comes after it', () => {
    expect(numbersOf(mergeRows(page([3, 2], false), [page([3, 2, 1])]))).toEqual([3, 2])
  })

  test('lose a run that the newest page no longer has, because it does not pass the filter any more', () => {
    expect(numbersOf(mergeRows(page([7, 5]), [page([7, 6, 5, 4])]))).toEqual([7, 5, 4])
  })

  test('go on after a last row that was not there before', () => {
    expect(numbersOf(mergeRows(page([7, 5]), [page([7, 6, 4, 3])]))).toEqual([7, 5, 4, 3])
  })

  test('must be loaded again if more runs are new than a page has', () => {
    expect(mergeRows(page([30, 29]), [page([6, 5])])).toBe(undefined)
  })

  test('leave out and count what is new while a person reads further down', () => {
    const held = holdAt([job(4), job(3), job(2, 'running'), job(1)], job(2).id)
    expect(numbersOf(held.rows)).toEqual([2, 1])
    expect(held.rows[0]?.status).toBe('running')
    expect(held.newCount).toBe(2)
  })

  test('are all there at the top, and when the row that was first is gone', () => {
    expect(holdAt([job(4), job(3)], undefined)).toEqual({ rows: [job(4), job(3)], newCount: 0 })
    expect(holdAt([job(4), job(3)], job(9).id)).toEqual({ rows: [job(4), job(3)], newCount: 0 })
  })
})
