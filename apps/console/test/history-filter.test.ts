import { describe, expect, test } from 'vitest'
import {
  END_CHOICES,
  type EndChoice,
  hasFilter,
  isChosen,
  NO_FILTER,
  readFilter,
  singleOutcomes,
  toggleEnd,
  toggleLanguage,
  toQuery,
  writeFilter,
} from '../src/views/history/filter.ts'

const choice = (label: string): EndChoice => {
  const found = END_CHOICES.find((one) => one.label === label)
  if (found === undefined) throw new Error(`There is no choice ${label}`)
  return found
}

describe('The filter of the history', () => {
  test('is written into the address and read from it again', () => {
    const filter = {
      ...NO_FILTER,
      outcomes: ['failed', 'signaled'],
      languages: ['python'],
      text: 'import this & that',
      from: '2026-11-29T12:00:00.000Z',
      by: 'finished',
    } as const
    const search = writeFilter(filter)
    expect(search).toBe(
      'outcome=failed,signaled&language=python&q=import+this+%26+that&from=2026-11-29T12:00:00.000Z&by=finished',
    )
    expect(readFilter(search)).toEqual(filter)
  })

  test('leaves out what it does not know, so that any link opens', () => {
    expect(readFilter('?outcome=exploded,canceled&status=asleep&from=soon&by=magic&colour=red')).toEqual({
      ...NO_FILTER,
      outcomes: ['canceled'],
    })
  })

  test('is not there without any choice', () => {
    expect(writeFilter(NO_FILTER)).toBe('')
    expect(hasFilter(NO_FILTER)).toBe(false)
    expect(hasFilter({ ...NO_FILTER, text: 'x' })).toBe(true)
  })

  test('says which time `from` and `to` mean only if there is one of them', () => {
    expect(toQuery({ ...NO_FILTER, by: 'finished' })['by']).toBe(undefined)
    expect(toQuery({ ...NO_FILTER, by: 'finished', to: '2026-11-29T12:00:00.000Z' })['by']).toBe('finished')
  })

  test('has a choice of several outcomes on and off as one', () => {
    const limits = choice('Stopped by a limit')
    const chosen = toggleEnd(NO_FILTER, limits)
    expect(chosen.outcomes).toEqual(['timed-out', 'out-of-memory', 'output-limit'])
    expect(isChosen(chosen, limits)).toBe(true)
    expect(toggleEnd(toggleEnd(chosen, choice('Canceled')), limits).outcomes).toEqual(['canceled'])
  })

  test('has either outcomes or states, because a run that waits has no outcome', () => {
    const waiting = toggleEnd(toggleEnd(NO_FILTER, choice('Failed')), choice('Waiting'))
    expect([waiting.outcomes, waiting.statuses]).toEqual([[], ['queued']])
    const canceled = toggleEnd(waiting, choice('Canceled'))
    expect([canceled.outcomes, canceled.statuses]).toEqual([['canceled'], []])
  })

  test('names an outcome that a link chose out of a choice', () => {
    expect(singleOutcomes(readFilter('outcome=timed-out,canceled'))).toEqual(['timed-out'])
    expect(singleOutcomes(readFilter('outcome=timed-out,out-of-memory,output-limit'))).toEqual([])
  })

  test('has several languages', () => {
    const both = toggleLanguage(toggleLanguage(NO_FILTER, 'python'), 'bash')
    expect(both.languages).toEqual(['python', 'bash'])
    expect(toggleLanguage(both, 'python').languages).toEqual(['bash'])
  })
})
