import { expect, test } from 'vitest'
import { estimateWaitMs, type JobTimes } from '../src/estimate-wait.ts'

const times = (ranMs: readonly number[], finishedMs: readonly number[], running = ranMs.length): JobTimes => ({
  running,
  ranMs,
  finishedMs,
})
const SECONDS = [1_000, 1_000, 1_000]

const cases: readonly [title: string, position: number, times: JobTimes, waitMs: number | undefined][] = [
  ['is not known while no job runs', 0, times([], SECONDS), undefined],
  ['is not known before a job has finished', 0, times([5_000], []), undefined],
  ['is what the running job has left of the usual time', 0, times([400], SECONDS), 600],
  ['is the time until the first of several ends', 0, times([100, 700, 400], SECONDS), 300],
  ['of the second in line is the time until the second ends', 1, times([100, 700, 400], SECONDS), 600],
  ['goes on for one job length when every place was given back once', 3, times([100, 700, 400], SECONDS), 1_300],
  ['is as long again as a job has run that takes longer than all others did', 0, times([20_000], SECONDS), 20_000],
  ['counts only finished jobs that took longer than this one has run', 0, times([500], [10, 20, 1_500, 3_500]), 2_000],
  [
    'with seventy long jobs is long, although short ones have just finished',
    0,
    times(Array(70).fill(8_000), [50, 50]),
    8_000,
  ],
  ['stands for all jobs when only some of them were read', 3, times([0, 500], SECONDS, 4), 1_000],
]
test.for(cases)('an estimate %s', ([, position, given, waitMs]) => {
  expect(estimateWaitMs(position, given)).toBe(waitMs)
})

test('an estimate for a place far back in the queue grows with each job length', () => {
  expect(estimateWaitMs(9_999, times([0, 0], SECONDS))).toBe(5_000_000)
})
