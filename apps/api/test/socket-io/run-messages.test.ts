import type { JobEvent } from '@runnel/contract/public'
import type { LogEntry } from '@runnel/operations'
import { describe, expect, test } from 'vitest'
import { createRunMessages } from '../../src/socket-io/run-messages.ts'

const JOB = 'job_00000000000000000000000000000000'

type Body = JobEvent extends infer E ? (E extends JobEvent ? Omit<E, 'jobId' | 'id' | 'at'> : never) : never

const toEntry = (body: Body, at: number): LogEntry => {
  const id = `1-${at + 1}`
  const event = { jobId: JOB, id, at: '2026-11-29T12:00:00.000Z', ...body }
  return { id, position: { attempt: 1, n: at + 1 }, type: body.type, json: JSON.stringify(event) }
}

const translate = (...bodies: readonly Body[]) => {
  const toMessages = createRunMessages(JOB)
  return bodies.flatMap((body, at) => [...toMessages(toEntry(body, at))])
}

const print = (stream: 'stdout' | 'stderr', data: string): Body => ({ type: stream, encoding: 'utf8', data })
const EXITED: Body = { type: 'finished', outcome: { type: 'exited', exitCode: 0 }, usage: null }

describe('A run as socket.io messages', () => {
  test('has one message for each line of both streams, and the rest of each at its end', () => {
    const messages = translate(
      { type: 'started' },
      print('stdout', 'one\ntw'),
      print('stderr', 'oh\nno'),
      print('stdout', 'o\nthree'),
      EXITED,
    )
    expect(messages).toEqual([
      ['execution_start', { status: 'running', jobId: JOB }],
      ['execution_output', { output: 'one', stream: 'stdout', jobId: JOB }],
      ['execution_output', { output: 'oh', stream: 'stderr', jobId: JOB }],
      ['execution_output', { output: 'two', stream: 'stdout', jobId: JOB }],
      ['execution_output', { output: 'three', stream: 'stdout', jobId: JOB }],
      ['execution_output', { output: 'no', stream: 'stderr', jobId: JOB }],
      [
        'execution_complete',
        { status: 'completed', jobId: JOB, outcome: { type: 'exited', exitCode: 0 }, error: null },
      ],
    ])
  })

  test('that restarts says so, and drops the half line of the attempt before', () => {
    const messages = translate(
      { type: 'started' },
      print('stdout', 'half'),
      { type: 'restarted' },
      { type: 'started' },
      print('stdout', 'whole'),
      EXITED,
    )
    expect(
      messages.map(([name, event]) => [name, 'output' in event ? event.output : 'status' in event && event.status]),
    ).toEqual([
      ['execution_start', 'running'],
      ['execution_start', 'restarted'],
      [
        'execution_output',
        'The sandbox was lost, which is not the fault of the program: it has started again from its beginning.',
      ],
      ['execution_output', 'whole'],
      ['execution_complete', 'completed'],
    ])
  })

  test('that exits with another code fails, and its own output has said why', () => {
    const outcome = { type: 'exited', exitCode: 3 } as const
    const error = 'The program exited with code 3.'
    expect(translate({ type: 'finished', outcome, usage: null })).toEqual([
      ['execution_complete', { status: 'failed', jobId: JOB, outcome, error }],
    ])
  })

  test('that is ended has a line that says why', () => {
    const outcome = { type: 'timed-out', limit: 'wall', limitMs: 500 } as const
    const error = 'The program used up its 500 ms of time.'
    expect(translate({ type: 'finished', outcome, usage: null })).toEqual([
      ['execution_output', { output: error, stream: 'notice', jobId: JOB }],
      ['execution_complete', { status: 'failed', jobId: JOB, outcome, error }],
    ])
  })
})
