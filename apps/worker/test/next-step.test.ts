import { describe, expect, it } from 'vitest'
import { type Facts, type FailureKind, nextStep, RULES, type Step } from '../src/next-step.ts'

const exited = { outcome: { type: 'exited', exitCode: 0 }, usage: null } as const
const error = new Error('The sandbox is gone')
const failed = (kind: FailureKind, isEngineUp?: boolean): Pick<Facts, 'progress'> => ({
  progress: { type: 'failed', kind, error, ...(isEngineUp === undefined ? {} : { isEngineUp }) },
})
const fault: Pick<Facts, 'progress'> = { progress: { type: 'fault', error } }
const KINDS: readonly FailureKind[] = ['log-taken-over', 'log-lost', 'sandbox-before-program', 'sandbox-lost', 'other']
const FAIL: Step = { type: 'fail', cause: error }

const FIRST_DELIVERY: Facts = {
  progress: { type: 'not-run' },
  stopReason: undefined,
  crashes: 0,
  attempt: 1,
  failures: 0,
  lastTry: false,
}

const cases: readonly [title: string, facts: Partial<Facts>, step: Step][] = [
  ['a new job runs', {}, { type: 'run' }],
  ['a program that ended is finished', { progress: { type: 'ended', ...exited } }, { type: 'finish', ...exited }],
  [
    'a program that ended is finished although the job was canceled since',
    { progress: { type: 'ended', ...exited }, stopReason: 'canceled' },
    { type: 'finish', ...exited },
  ],
  ['a run whose log is closed is left', { progress: { type: 'log-closed' } }, { type: 'leave' }],

  ['a fault goes to the queue', fault, { type: 'throw', error }],
  ['a fault in the last try fails the job', { ...fault, lastTry: true }, FAIL],
  ['a job that two workers died with runs', { crashes: 2 }, { type: 'run' }],
  [
    'a job that three workers died with fails',
    { crashes: 3 },
    { type: 'fail', cause: new Error('3 workers died while they ran this job') },
  ],

  [
    'a job that was canceled before it ran is canceled',
    { stopReason: 'canceled' },
    { type: 'finish', outcome: { type: 'canceled' }, usage: null },
  ],
  [
    'a job that was canceled while its sandbox failed is canceled',
    { ...failed('sandbox-before-program'), stopReason: 'canceled' },
    { type: 'finish', outcome: { type: 'canceled' }, usage: null },
  ],
  ['a job is requeued when its worker stops', { stopReason: 'shutdown' }, { type: 'requeue' }],
  [
    'a job whose sandbox was removed because the worker stops is requeued',
    { ...failed('sandbox-lost'), attempt: 9, stopReason: 'shutdown' },
    { type: 'requeue' },
  ],
  ['a job that another worker may have is left', { stopReason: 'lease-lost' }, { type: 'leave' }],
  [
    'a job that another worker may have is left, although its sandbox failed',
    { ...failed('other'), stopReason: 'lease-lost' },
    { type: 'leave' },
  ],

  ['a job whose log another attempt took over is left', failed('log-taken-over'), { type: 'leave' }],
  ['a job whose log was lost is requeued', failed('log-lost'), { type: 'requeue' }],
  [
    'a job whose sandbox failed has the engine checked',
    { ...failed('sandbox-before-program'), failures: 1 },
    { type: 'check-engine' },
  ],
  ['a job whose sandbox was lost has the engine checked', failed('sandbox-lost'), { type: 'check-engine' }],
  ['a job that failed otherwise has the engine checked', failed('other'), { type: 'check-engine' }],
  [
    'a job is requeued while no sandbox can be made',
    { ...failed('sandbox-before-program', false), failures: 1, attempt: 9 },
    { type: 'requeue' },
  ],
  [
    'a job in its tenth attempt is not requeued because no sandbox can be made',
    { ...failed('other', false), attempt: 10 },
    FAIL,
  ],

  [
    'a sandbox that failed before its program started is replaced soon',
    { ...failed('sandbox-before-program', true), failures: 1 },
    { type: 'retry', afterMs: 100 },
  ],
  [
    'a second one is replaced later',
    { ...failed('sandbox-before-program', true), failures: 2 },
    { type: 'retry', afterMs: 1_000 },
  ],
  ['a third one fails the job', { ...failed('sandbox-before-program', true), failures: 3 }, FAIL],
  [
    'a job that lost its sandbox in the second attempt is requeued',
    { ...failed('sandbox-lost', true), attempt: 2 },
    { type: 'requeue' },
  ],
  ['a job that lost its sandbox in the third attempt fails', { ...failed('sandbox-lost', true), attempt: 3 }, FAIL],
  ['any other failure fails the job', failed('other', true), FAIL],
]

describe('The next step', () => {
  it.each(cases)('%s', (_title, facts, step) => {
    expect(nextStep({ ...FIRST_DELIVERY, ...facts }).step).toEqual(step)
  })

  it('is decided by each of the rules in one of these cases', () => {
    const used = new Set(cases.map(([, facts]) => nextStep({ ...FIRST_DELIVERY, ...facts }).because))
    expect([...used].sort()).toEqual(RULES.map(({ because }) => because).sort())
  })

  it('exists for all facts', () => {
    const outcomes = [undefined, 'canceled', 'shutdown', 'lease-lost'] as const
    const kinds = KINDS.flatMap((kind) => [failed(kind), failed(kind, true), failed(kind, false)])
    const all = [...kinds, fault, {}, { progress: { type: 'log-closed' } as const }]
    for (const facts of all) {
      for (const stopReason of outcomes) {
        for (const attempt of [1, 3, 10]) {
          for (const failures of [0, 1, 3]) {
            expect(nextStep({ ...FIRST_DELIVERY, ...facts, stopReason, attempt, failures }).because).not.toBe('')
          }
        }
      }
    }
  })
})
