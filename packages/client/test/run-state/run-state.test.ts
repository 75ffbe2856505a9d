import { expect, test } from 'vitest'
import type { Job, JobEvent, Outcome, Usage } from '../../src/index.ts'
import { type ClientEvent, describeRun, initialRunState, type RunState, reduceRunState } from '../../src/run-state.ts'

const MIB = 1024 * 1024
const LIMITS = {
  wallMs: 30_000,
  cpuMs: 10_000,
  memoryBytes: 256 * MIB,
  outputBytes: MIB,
  processes: 64,
  diskBytes: 64 * MIB,
}
const JOB_ID = `job_${'0'.repeat(32)}`
const T0 = Date.parse('2026-01-01T00:00:00.000Z')
const USAGE: Usage = { wallMs: 1_840, cpuMs: 900, peakMemoryBytes: 41 * MIB }

const at = (ms: number) => new Date(T0 + ms).toISOString()
const base = (id: string, ms: number) => ({ jobId: JOB_ID, id, at: at(ms) })

const queued = (more: object = {}): JobEvent => ({
  ...base('0-1', 0),
  type: 'queued',
  language: 'python',
  limits: LIMITS,
  interactive: false,
  ...more,
})
const started = (ms = 1_000, attempt = 1): JobEvent => ({ ...base(`${attempt}-1`, ms), type: 'started' })
const written = (type: 'stdout' | 'stderr', data: string, ms: number): JobEvent => ({
  ...base('1-2', ms),
  type,
  encoding: 'utf8',
  data,
})
const finished = (outcome: Outcome, usage: Usage | null = USAGE): JobEvent => ({
  ...base('1-9', 3_000),
  type: 'finished',
  outcome,
  usage,
})
const accepted = (more: Partial<Job> = {}, aheadMs = 0): ClientEvent => {
  const job: Job = {
    id: JOB_ID,
    status: 'queued',
    language: 'python',
    submittedAt: at(0),
    limits: LIMITS,
    attempt: 0,
    ...more,
  }
  return { type: 'client-accepted', job, atMs: T0 + aheadMs }
}
const sending: ClientEvent = { type: 'client-sending', atMs: T0 - 500 }
const connection = (state: 'open' | 'lost' | 'resumed', ms: number, retryInMs?: number): ClientEvent => ({
  type: 'client-connection',
  change: { state, transport: 'websocket', ...(retryInMs === undefined ? {} : { retryInMs }) },
  atMs: T0 + ms,
})
const refused = (error: object, isRetried = false): ClientEvent => ({
  type: 'client-refused',
  error: { message: 'No.', ...error },
  atMs: T0,
  isRetried,
})
/** From a newer server: `reduceRunState` gets whatever comes. */
const unknown: JobEvent = JSON.parse(JSON.stringify({ ...base('1-2', 1_500), type: 'later', port: 5000 }))

const reduce = (events: readonly (JobEvent | ClientEvent)[]): RunState => events.reduce(reduceRunState, initialRunState)
const ended = (outcome: Outcome, usage?: Usage | null) => [queued(), started(), finished(outcome, usage)]

interface Case {
  readonly title: string
  readonly events: readonly (JobEvent | ClientEvent)[]
  /** When it is looked at, in milliseconds after the job was queued. */
  readonly ms?: number
  readonly tone: string
  readonly sentence: string
  readonly beneath?: readonly string[]
  readonly actions?: readonly string[]
}

const CASES: readonly Case[] = [
  { title: 'ready', events: [], tone: 'idle', sentence: 'Ready' },
  { title: 'sending, for a moment', events: [sending], ms: -400, tone: 'idle', sentence: 'Ready' },
  { title: 'sending', events: [sending], ms: 0, tone: 'queued', sentence: 'Sending…' },
  {
    title: 'queued, its place known',
    events: [sending, accepted({ queuePosition: 2, estimatedWaitMs: 5_000 }), queued()],
    ms: 1_200,
    tone: 'queued',
    sentence: 'Queued, 3rd in line',
    beneath: ['Waited 1.2 s, about 4 s to go'],
    actions: ['Cancel'],
  },
  {
    title: 'queued, its place not known',
    events: [queued()],
    ms: 300,
    tone: 'queued',
    sentence: 'Queued',
    beneath: ['Waited 0.3 s'],
    actions: ['Cancel'],
  },
  {
    title: 'next in line, after its place was read again',
    events: [accepted({ queuePosition: 7 }), { type: 'client-place', queuePosition: 0, atMs: T0 + 900 }],
    ms: 1_000,
    tone: 'queued',
    sentence: 'Next in line',
    beneath: ['Waited 1.0 s'],
    actions: ['Cancel'],
  },
  {
    title: 'running',
    events: [queued(), started()],
    ms: 5_200,
    tone: 'running',
    sentence: 'Running 4.2 s',
    actions: ['Stop'],
  },
  {
    title: 'running, past half of its time',
    events: [queued(), started()],
    ms: 17_000,
    tone: 'running',
    sentence: 'Running 16.0 s',
    beneath: ['Of 30 s'],
    actions: ['Stop'],
  },
  {
    title: 'quiet and served',
    events: [queued({ interactive: true, serve: true }), started(), written('stdout', 'Serving', 5_000)],
    ms: 10_000,
    tone: 'running',
    sentence: 'Running 9.0 s',
    beneath: [],
    actions: ['Stop'],
  },
  {
    title: 'quiet and interactive',
    events: [queued({ interactive: true }), started(), written('stdout', 'name? ', 5_000)],
    ms: 10_000,
    tone: 'running',
    sentence: 'Running 9.0 s, no output for 5 s',
    beneath: ['It may be waiting for input'],
    actions: ['Stop', 'Give input'],
  },
  {
    title: 'exited 0',
    events: ended({ type: 'exited', exitCode: 0 }),
    tone: 'ok',
    sentence: 'Exited 0 after 1.84 s',
    beneath: ['CPU 0.90 s, peak 41 MiB'],
  },
  {
    title: 'exited n, with a trace',
    events: [
      queued(),
      started(),
      written('stderr', '  File "/workspace/main.py", line 7, in <module>\nZeroDiv', 1_200),
      written('stderr', 'isionError: division by zero\n', 1_300),
      finished({ type: 'exited', exitCode: 1 }, { wallMs: 310, cpuMs: 300, peakMemoryBytes: null }),
    ],
    tone: 'failed',
    sentence: 'Exited 1 after 0.31 s',
    beneath: ['ZeroDivisionError at main.py:7', 'CPU 0.30 s'],
    actions: ['Go to main.py:7'],
  },
  {
    title: 'exited n, with a trace on a terminal, of a block of a chat answer',
    events: [
      queued({ tty: true, extracted: { firstLine: 4, lastLine: 9 } }),
      started(),
      written('stdout', '  File "/workspace/main.py", line 2\r\nSyntaxError: invalid syntax\r\n', 1_200),
      finished({ type: 'exited', exitCode: 1 }),
    ],
    tone: 'failed',
    sentence: 'Exited 1 after 1.84 s',
    beneath: ['SyntaxError at main.py:5', 'CPU 0.90 s, peak 41 MiB'],
    actions: ['Go to main.py:5'],
  },
  {
    title: 'signaled',
    events: ended({ type: 'signaled', signal: 'SIGSEGV' }),
    tone: 'failed',
    sentence: 'Ended by SIGSEGV after 1.84 s',
    beneath: ['It touched memory it doesn’t own'],
  },
  {
    title: 'timed out, wall',
    events: ended({ type: 'timed-out', limit: 'wall', limitMs: 30_000 }),
    tone: 'limit',
    sentence: 'Stopped at its time limit of 30 s',
    beneath: ['Output so far is kept'],
    actions: ['Run with 60 s'],
  },
  {
    title: 'timed out, cpu',
    events: ended({ type: 'timed-out', limit: 'cpu', limitMs: 10_000 }),
    tone: 'limit',
    sentence: 'Stopped at its processor limit of 10 s',
    beneath: ['Output so far is kept'],
    actions: ['Run with 20 s'],
  },
  {
    title: 'out of memory',
    events: ended({ type: 'out-of-memory', limitBytes: 256 * MIB }),
    tone: 'limit',
    sentence: 'Killed at its memory limit of 256 MiB',
    actions: ['Run with 512 MiB'],
  },
  {
    title: 'output limit',
    events: ended({ type: 'output-limit', limitBytes: MIB }),
    tone: 'limit',
    sentence: 'Stopped at its output limit of 1 MiB',
    actions: ['Download', 'Run with 2 MiB'],
  },
  {
    title: 'canceled while it ran',
    events: [queued(), started(), { type: 'client-cancel', by: 'you' }, finished({ type: 'canceled' })],
    tone: 'canceled',
    sentence: 'Canceled after 1.84 s',
    beneath: ['By you'],
  },
  {
    title: 'canceled while queued, by somebody',
    events: [queued(), finished({ type: 'canceled' }, null)],
    tone: 'canceled',
    sentence: 'Canceled while queued',
  },
  {
    title: 'being canceled',
    events: [queued(), started(), { type: 'client-cancel', by: 'you' }],
    ms: 3_000,
    tone: 'running',
    sentence: 'Stopping…',
    beneath: ['Ran 2.0 s'],
  },
  {
    title: 'limits hit on the way',
    events: ended({
      type: 'exited',
      exitCode: 1,
      limitsHit: [
        { limit: 'processes', value: 64 },
        { limit: 'diskBytes', value: 64 * MIB },
      ],
    }),
    tone: 'failed',
    sentence: 'Exited 1 after 1.84 s',
    beneath: ['It was refused a 65th process', 'It was refused more than 64 MiB of disk', 'CPU 0.90 s, peak 41 MiB'],
  },
  {
    title: 'restarted',
    events: [
      queued(),
      started(),
      { ...base('2-1', 2_000), type: 'restarted' },
      { ...base('2-2', 2_000), type: 'started' },
    ],
    ms: 4_000,
    tone: 'running',
    sentence: 'Running again, 2nd try',
    beneath: ['The worker was lost; the output of the earlier try was dropped'],
    actions: ['Stop'],
  },
  {
    title: 'sandbox failed',
    events: ended({ type: 'sandbox-failed', reference: 'w3-7f2' }, null),
    tone: 'ours',
    sentence: 'Runnel lost this run',
    beneath: ['Not your program’s fault. Reference w3-7f2'],
    actions: ['Copy the reference', 'Run again'],
  },
  {
    title: '429, tried again by itself',
    events: [
      sending,
      refused(
        { code: 'queue-full', message: '10,000 of your jobs wait.', retryAfterMs: 13_000, requestId: 'req_1' },
        true,
      ),
    ],
    ms: 1_000,
    tone: 'queued',
    sentence: 'The queue is full for your key',
    beneath: ['10,000 of your jobs wait.', 'Tries again in 12 s', 'Request req_1'],
    actions: ['Run again'],
  },
  {
    title: 'connection lost, for less than a second',
    events: [queued(), started(), connection('open', 900), connection('lost', 2_000, 250)],
    ms: 2_900,
    tone: 'running',
    sentence: 'Running 1.9 s',
    actions: ['Stop'],
  },
  {
    title: 'connection lost',
    events: [queued(), started(), connection('lost', 2_000, 250), connection('lost', 4_000, 3_000)],
    ms: 4_500,
    tone: 'lost',
    sentence: 'Connection lost, the run goes on',
    beneath: ['Trying again in 3 s'],
    actions: ['Now'],
  },
  {
    title: 'resumed',
    events: [queued(), started(), connection('lost', 2_000, 250), connection('resumed', 5_000)],
    ms: 7_900,
    tone: 'running',
    sentence: 'Running 6.9 s',
    beneath: ['Back, nothing missed'],
    actions: ['Stop'],
  },
  {
    title: 'resumed, three seconds later',
    events: [queued(), started(), connection('lost', 2_000, 250), connection('resumed', 5_000)],
    ms: 8_000,
    tone: 'running',
    sentence: 'Running 7.0 s',
    actions: ['Stop'],
  },
  {
    title: 'resumed so soon that nobody was told of the loss',
    events: [queued(), started(), connection('lost', 2_000, 250), connection('resumed', 2_300)],
    ms: 2_400,
    tone: 'running',
    sentence: 'Running 1.4 s',
    actions: ['Stop'],
  },
  {
    title: 'key refused',
    events: [sending, refused({ code: 'unauthorized' })],
    tone: 'lost',
    sentence: 'This key no longer works',
    beneath: ['Sign in; your program stays here'],
    actions: ['Sign in'],
  },
  {
    title: 'refused for another reason',
    events: [
      sending,
      refused({ code: 'invalid-request', message: 'Cannot read limits.wallMs: …', requestId: 'req_2' }),
    ],
    tone: 'failed',
    sentence: 'Runnel refused it',
    beneath: ['Cannot read limits.wallMs: …', 'Request req_2'],
    actions: ['Run again'],
  },
  {
    title: 'not reached',
    events: [sending, refused({ message: 'Cannot reach Runnel at …' })],
    tone: 'lost',
    sentence: 'Runnel cannot be reached',
    beneath: ['Cannot reach Runnel at …'],
    actions: ['Now'],
  },
  {
    title: 'debugging',
    events: [queued(), started(), { type: 'client-paused', file: 'main.py', line: 12, reason: 'breakpoint' }],
    tone: 'running',
    sentence: 'Paused at main.py:12, breakpoint',
    beneath: ['Clock stopped'],
    actions: ['Stop'],
  },
  {
    title: 'watching',
    events: [{ type: 'client-watching', who: 'Ada' }],
    tone: 'idle',
    sentence: 'Watching Ada’s program',
    actions: ['Edit a copy'],
  },
  {
    title: 'after an event of a newer server',
    events: [queued(), started(), unknown, unknown],
    ms: 5_200,
    tone: 'running',
    sentence: 'Running 4.2 s',
    actions: ['Stop'],
  },
  {
    title: 'with an outcome of a newer server',
    events: [
      queued(),
      started(),
      JSON.parse(JSON.stringify(finished({ type: 'canceled' })).replace('canceled', 'evicted')),
    ],
    tone: 'failed',
    sentence: 'Ended as "evicted", which this version does not know',
  },
]

test.each(CASES)('$title: $sentence', ({ events, ms = 3_000, tone, sentence, beneath = [], actions = [] }) => {
  const words = describeRun(reduce(events), T0 + ms)
  expect({ ...words, actions: words.actions.map(({ label }) => label) }).toEqual({
    tone,
    glyph: expect.stringMatching(/^[○◌◐●✕▲–◆◇]$/),
    sentence,
    beneath,
    actions,
  })
})

test('the limits of "Run with" and the line of "Go to" are in their actions', () => {
  const actionsOf = (events: readonly (JobEvent | ClientEvent)[]) => describeRun(reduce(events), T0 + 3_000).actions
  expect(actionsOf(ended({ type: 'out-of-memory', limitBytes: 256 * MIB }))).toEqual([
    { type: 'run-with', label: 'Run with 512 MiB', limits: { memoryBytes: 512 * MIB } },
  ])
  const trace = written('stderr', '/workspace/main.sh: line 3: foo: command not found\n', 1_500)
  expect(actionsOf([queued(), started(), trace, finished({ type: 'exited', exitCode: 127 })])).toEqual([
    { type: 'jump', label: 'Go to main.sh:3', file: 'main.sh', line: 3 },
  ])
})

test('a clock that is an hour ahead of the server changes no time that people see', () => {
  const HOUR = 3_600_000
  const state = reduce([sending, accepted({}, HOUR), queued(), started()])
  expect(describeRun(state, T0 + HOUR + 5_200).sentence).toBe('Running 4.2 s')
})

test('the ports of a program are those it listens on now, and none when it has ended', () => {
  const sandboxId = `sbx-${'0'.repeat(24)}`
  const port = (n: number, number: number, open: boolean, url?: string): JobEvent => ({
    ...base(`1-${n}`, 1_500),
    ...{ type: 'port', sandboxId, port: number, open },
    ...(url === undefined ? {} : { url }),
  })
  const url = 'http://5000-sbx.localhost:8080'
  const events = [queued({ sandboxId }), started(), port(2, 5000, true, url), port(3, 5001, true)]
  const state = reduce([...events, port(4, 5001, false)])
  expect([state.sandboxId, state.ports]).toEqual([sandboxId, [{ port: 5000, url }]])
  expect(reduce([...events, finished({ type: 'canceled' })]).ports).toEqual([])
})

test('types of events that are not known are remembered once each', () => {
  expect(reduce([queued(), unknown, unknown]).unknownTypes).toEqual(['later'])
})

test('a new run keeps nothing of the one before', () => {
  const after = reduce([...ended({ type: 'exited', exitCode: 1 }), sending])
  expect(after).toEqual({ ...initialRunState, phase: 'sending', sentAtMs: T0 - 500 })
})
