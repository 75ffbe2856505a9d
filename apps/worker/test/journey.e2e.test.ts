import { once } from 'node:events'
import { executeResponseSchema, type JobEvent } from '@runnel/contract/public'
import { openPrefix } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { startSystem, stdoutOf } from '@runnel/testing/system'
import { test as base, describe, expect } from 'vitest'

/** All tests of this file share the system. */
const test = base
  .extend('env', { scope: 'file' }, { RUNNEL_LANGUAGES: 'python,javascript', RUNNEL_CONCURRENCY: '8' })
  .extend('system', { scope: 'file' }, async ({ env }, { onCleanup }) => {
    const parts = new AsyncDisposableStack()
    onCleanup(() => parts.disposeAsync())
    return parts.use(await startSystem({ ...parts.use(openPrefix()), env }))
  })

/** Reads an event stream as it comes; `until` ends the watching early. */
const watch = async (
  url: string,
  accept: string,
  until: (event: JobEvent) => boolean = () => false,
): Promise<JobEvent[]> => {
  const answer = await fetch(url, { headers: { accept } })
  const events: JobEvent[] = []
  let pending = ''
  if (answer.body === null) throw new Error('No body')
  for await (const text of answer.body.pipeThrough(new TextDecoderStream())) {
    const lines = (pending + text).split('\n')
    pending = lines.pop() ?? ''
    for (const line of lines) {
      const json = accept === 'text/event-stream' ? (line.startsWith('data: ') ? line.slice(6) : '') : line
      if (json === '') continue
      const event: JobEvent = JSON.parse(json)
      events.push(event)
      if (until(event)) return events
    }
  }
  return events
}

const watchSocket = async (url: string): Promise<JobEvent[]> => {
  const socket = new WebSocket(url.replace('http', 'ws'))
  const events: JobEvent[] = []
  socket.addEventListener('message', ({ data }) => events.push(JSON.parse(String(data))))
  await once(socket, 'close')
  return events
}

// Most of the time is waiting for programs, so they run at the same time.
describe.concurrent('The whole path', () => {
  test('sends the lines of a program to three watchers: one early, one late, one that drops and resumes', async ({
    system,
  }) => {
    const { id } = await system.submit({
      language: 'python',
      code: 'import time\nfor i in range(12):\n    print("line", i)\n    time.sleep(0.2)',
    })
    const url = `${system.url}/v1/jobs/${id}/events`
    const isLine = (count: number) => {
      let seen = 0
      return ({ type }: JobEvent) => type === 'stdout' && ++seen === count
    }
    const resume = async () => {
      const before = await watch(url, 'application/x-ndjson', isLine(4))
      return [...before, ...(await watch(`${url}?after=${before.at(-1)?.id}`, 'application/x-ndjson'))]
    }
    const late = async () => {
      await watch(url, 'application/x-ndjson', isLine(6))
      return watch(url, 'text/event-stream')
    }
    const [socket, events, resumed] = await Promise.all([watchSocket(url), late(), resume()])
    expect(events).toEqual(socket)
    expect(resumed).toEqual(socket)
    const attempt1 = socket.filter(({ id: eventId }) => eventId.startsWith('1-'))
    expect(attempt1.map(({ id: eventId }) => eventId)).toEqual(attempt1.map((_, index) => `1-${index + 1}`))
    const lines = socket.flatMap((event) => (event.type === 'stdout' ? [event.data] : []))
    expect(lines.join('')).toBe(Array.from({ length: 12 }, (_, index) => `line ${index}\n`).join(''))
    expect(lines.length).toBeGreaterThanOrEqual(12)
    const at = socket.flatMap((event) => (event.type === 'stdout' ? [Date.parse(event.at)] : []))
    expect((at.at(-1) ?? 0) - (at[0] ?? 0)).toBeGreaterThan(1_500)
  })

  test('keeps all bytes: split characters, NUL, and bytes that are not UTF-8', async ({ system }) => {
    const code = `import os, time
for byte in "😀".encode(): os.write(1, bytes([byte])); time.sleep(0.05)
os.write(1, b"\\0\\xff\\xfe")`
    const { id } = await system.submit({ language: 'python', code })
    const { output } = await system.finished(id)
    expect(output?.stdout).toEqual({
      encoding: 'base64',
      data: Buffer.concat([Buffer.from('😀'), Buffer.from([0, 255, 254])]).toString('base64'),
    })
    const pieces = (await system.events(id)).flatMap((event) => (event.type === 'stdout' ? [event] : []))
    expect(pieces[0]).toMatchObject({ encoding: 'utf8', data: '😀' })
    expect(Buffer.concat(pieces.map(({ encoding, data }) => Buffer.from(data, encoding)))).toEqual(
      Buffer.from(output?.stdout.data ?? '', 'base64'),
    )
  })

  test('sends input and its end to a running program', async ({ system }) => {
    const { id } = await system.submit({
      language: 'python',
      code: 'import sys\nfor line in sys.stdin: print(line.strip()[::-1])\nprint("over")',
      interactive: true,
    })
    await system.call('POST', `/v1/jobs/${id}/stdin`, { data: 'abc\n' })
    await eventually(async () => (await system.read(id)).status === 'running')
    await system.call('POST', `/v1/jobs/${id}/stdin`, { data: 'def\n', end: true })
    expect(stdoutOf(await system.finished(id))).toBe('cba\nfed\nover\n')
  })

  test('shows a person a program on a terminal, over one WebSocket', async ({ system }) => {
    const code = `import os, signal, time
def show(*_): print(*os.get_terminal_size())
signal.signal(signal.SIGWINCH, show)
show()
print("hello", input("name? "))
try:
    while True: time.sleep(0.01)
except KeyboardInterrupt:
    print("bye")
    raise SystemExit(3)`
    const deeds = [
      ['name? ', { type: 'stdin', data: 'anm\x7fn\r' }],
      ['hello ann\r\n', { type: 'resize', cols: 132, rows: 43 }],
      ['132 43\r\n', { type: 'stdin', data: '\x03' }],
    ] as const
    const socket = new WebSocket(`${system.url.replace('http', 'ws')}/v1/stream`)
    const send = (frame: object) => socket.send(JSON.stringify(frame))
    const events: JobEvent[] = []
    let text = ''
    let done = 0
    socket.onmessage = ({ data }) => {
      const { type, event } = JSON.parse(String(data))
      if (type !== 'event') return
      events.push(event)
      text += event.type === 'stdout' ? event.data : ''
      const [shown, frame] = deeds[done] ?? []
      if (shown === undefined || !text.endsWith(shown)) return
      done += 1
      send({ ...frame, jobId: event.jobId })
    }
    await once(socket, 'open')
    send({ type: 'submit', job: { language: 'python', code, tty: true, cols: 100 } })
    await eventually(async () => expect(events.at(-1)?.type).toBe('finished'), { withinMs: 15_000 })
    socket.close()
    expect(text).toBe('100 24\r\nname? anm\b \bn\r\nhello ann\r\n132 43\r\n^Cbye\r\n')
    expect(new Set(events.map(({ type }) => type))).toEqual(new Set(['queued', 'started', 'stdout', 'finished']))
    expect(events[0]).toMatchObject({ type: 'queued', interactive: true, tty: true })
    expect(events[1]).toMatchObject({ type: 'started', cols: 100, rows: 24 })
    expect(events.at(-1)).toMatchObject({ outcome: { type: 'exited', exitCode: 3 } })
  })

  test.for([
    ['without a terminal', {}, 'running\n'],
    ['with one', { tty: true }, 'running\r\n'],
  ] as const)('cancels a running job %s, and then leaves it as it is', async ([, options, printed], { system }) => {
    const { id } = await system.submit({
      language: 'python',
      code: 'import time\nprint("running", flush=True)\ntime.sleep(60)',
      ...options,
    })
    await watch(`${system.url}/v1/jobs/${id}/events`, 'application/x-ndjson', ({ type }) => type === 'stdout')
    await system.call('DELETE', `/v1/jobs/${id}`)
    const ended = await system.finished(id, 10_000)
    expect([ended.outcome, stdoutOf(ended)]).toEqual([{ type: 'canceled' }, printed])
    const again = await system.call('DELETE', `/v1/jobs/${id}`)
    expect(await again.json()).toEqual(ended)
  })

  test('gives each limit its own outcome', async ({ system }) => {
    const cases: [Record<string, unknown>, unknown][] = [
      [
        { code: 'import time; time.sleep(60)', limits: { wallMs: 500 } },
        { type: 'timed-out', limit: 'wall', limitMs: 500 },
      ],
      [
        { code: 'while True: pass', limits: { cpuMs: 300 } },
        { type: 'timed-out', limit: 'cpu', limitMs: 300 },
      ],
      [
        { code: 'x = []\nwhile True: x.append(bytearray(1 << 20))' },
        { type: 'out-of-memory', limitBytes: 268_435_456 },
      ],
      [
        { code: 'while True: print("y")', limits: { outputBytes: 1_000 } },
        { type: 'output-limit', limitBytes: 1_000 },
      ],
      [
        { code: 'for i in range(100): open(str(i), "wb").write(b"x" * 1_000_000)' },
        { type: 'exited', exitCode: 1, limitsHit: [{ limit: 'diskBytes', value: 67_108_864 }] },
      ],
    ]
    for (const [job, outcome] of cases) {
      const { id } = await system.submit({ language: 'python', ...job })
      expect((await system.finished(id)).outcome).toEqual(outcome)
    }
    const { id } = await system.submit({ language: 'python', code: 'print("the next job does not notice")' })
    expect(stdoutOf(await system.finished(id))).toBe('the next job does not notice\n')
  })

  test('answers POST /execute: code in, output back', async ({ system }) => {
    const answer = await system.call('POST', '/execute', { code: 'console.log([1, 2, 3].map((x) => x * 2))' })
    expect(await answer.json()).toEqual({
      success: true,
      output: '[ 2, 4, 6 ]\n',
      error: null,
      execution_time: expect.any(Number),
    })
    const failing = await system.call('POST', '/api/execute', { code: 'import flask_is_not_here', language: 'python' })
    expect(await failing.json()).toEqual({
      success: false,
      output: '',
      error: [
        'Traceback (most recent call last):',
        '  File "/workspace/main.py", line 1, in <module>',
        '    import flask_is_not_here',
        "ModuleNotFoundError: No module named 'flask_is_not_here'",
        '',
        'The program exited with code 1.',
      ].join('\n'),
      execution_time: expect.any(Number),
    })
  })

  test('runs chat answers, with the lines that its traces are about', async ({ system }) => {
    const python = "Here's the program:\n\n```python\nprint('one')\nraise ValueError('two')\n```\n\nThat's it."
    const javascript = '```js\nconst x = 1\nconsole.log(x)\n```\n'
    const [failed, succeeded, executed] = await Promise.all([
      system.submit({ code: python }).then(({ id }) => system.finished(id)),
      system.submit({ code: javascript, language: 'auto' }).then(({ id }) => system.finished(id)),
      system.call('POST', '/execute', { code: javascript }),
    ])
    expect(failed).toMatchObject({
      language: 'python',
      extracted: { firstLine: 4, lastLine: 5 },
      outcome: { type: 'exited', exitCode: 1 },
      output: { stdout: { data: 'one\n' } },
    })
    // Line 2 of the program is line 4 + 2 - 1 of the answer.
    expect(failed.output?.stderr.data).toBe(
      `Traceback (most recent call last):
  File "/workspace/main.py", line 2, in <module>
    raise ValueError('two')
ValueError: two
`,
    )
    expect(succeeded).toMatchObject({ language: 'javascript', extracted: { firstLine: 2, lastLine: 3 } })
    expect(stdoutOf(succeeded)).toBe('1\n')
    expect(await executed.json()).toEqual({
      success: true,
      output: '1\n',
      error: null,
      execution_time: expect.any(Number),
    })
  })

  test('says in POST /execute which limit a program reached, whether it then fails or not', async ({ system }) => {
    const execute = async (lines: string[]) => {
      const answer = await system.call('POST', '/execute', { code: lines.join('\n'), language: 'python' })
      return executeResponseSchema.parse(await answer.json())
    }
    const threads = [
      'import sys, threading, time',
      // Without the lines of Python's own library.
      'sys.tracebacklimit = 0',
      'for _ in range(100): threading.Thread(target=time.sleep, args=(1,)).start()',
    ]
    const [failed, caught, memory, disk] = await Promise.all([
      execute(threads),
      execute([...threads.slice(0, 2), 'try:', `  ${threads[2]}`, 'except RuntimeError: print("enough")']),
      execute([
        'import os',
        'if os.fork() == 0:',
        '  x = []',
        '  while True: x.append(bytearray(1 << 20))',
        'os.wait()',
        'print("the child is gone")',
      ]),
      execute(['for i in range(100): open(str(i), "wb").write(b"x" * 1_000_000)']),
    ])
    const limitSentences = {
      threads:
        'The program reached its limit of 64 processes and threads, and was refused another. Let it start fewer, or submit it to POST /v1/jobs with a higher limits.processes.',
      memory:
        'The program reached its limit of 268435456 bytes of memory, and one of its processes was killed. Let it use less, or submit it to POST /v1/jobs with a higher limits.memoryBytes.',
      disk: 'The program filled its disk: /workspace has 67108864 bytes, /tmp a quarter of that. Let it write less, or submit it to POST /v1/jobs with a higher limits.diskBytes.',
    }
    const executionTime = expect.any(Number)
    expect(failed).toEqual({
      success: false,
      output: '',
      error: `RuntimeError: can't start new thread\n\nThe program exited with code 1.\n${limitSentences.threads}`,
      execution_time: executionTime,
    })
    expect(caught).toEqual({
      success: true,
      output: 'enough\n',
      error: limitSentences.threads,
      execution_time: executionTime,
    })
    expect(memory).toEqual({
      success: true,
      output: 'the child is gone\n',
      error: limitSentences.memory,
      execution_time: executionTime,
    })
    expect(disk).toEqual({
      success: false,
      output: '',
      error: `Traceback (most recent call last):
  File "/workspace/main.py", line 1, in <module>
    for i in range(100): open(str(i), "wb").write(b"x" * 1_000_000)
                         ~~~~~~~~~~~~~~~~~~~~~~~~^^^^^^^^^^^^^^^^^^
OSError: [Errno 28] No space left on device

The program exited with code 1.
${limitSentences.disk}`,
      execution_time: executionTime,
    })
  })
})

// After the others, which it would delay.
test('The whole path runs a hundred jobs that are submitted at once, each with its own output', async ({ system }) => {
  const jobs = await Promise.all(
    Array.from({ length: 100 }, (_, index) => {
      const isolation = index % 10 === 0 ? 'container' : 'job'
      return system.submit({ language: 'python', code: `print("I am", ${index})`, isolation })
    }),
  )
  const ended = await Promise.all(jobs.map(({ id }) => system.finished(id, 90_000)))
  expect(ended.map(({ outcome }) => outcome)).toEqual(ended.map(() => ({ type: 'exited', exitCode: 0 })))
  expect(ended.map(stdoutOf)).toEqual(ended.map((_, index) => `I am ${index}\n`))
})
