import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { type JobEvent, RunnelApiError, toBytes } from '../src/index.ts'
import { clientTest as test } from './client-test.ts'

describe('run', () => {
  test('gives the outcome, the output and the usage of a program', async ({ start }) => {
    const { connect } = await start()
    const pieces: string[] = []
    const events: JobEvent[] = []
    const result = await connect().run('out hello\nerr oops\nbytes e282\nsleep 20\nbytes ac\nbytes ff00\nexit 3', {
      language: 'python',
      onStdout: (text) => pieces.push(text),
      onEvent: (event) => events.push(event),
    })
    expect(result.outcome).toEqual({ type: 'exited', exitCode: 3 })
    expect([result.stdout, result.stderr, result.truncated]).toEqual(['hello\n€\ufffd\0', 'oops\n', false])
    expect(result.usage).toEqual({ wallMs: 10, cpuMs: 5, peakMemoryBytes: 1024 })
    expect(pieces.join('')).toBe('hello\n€\ufffd\0')
    expect([events[0]?.type, events[1]?.type, events.at(-1)?.type]).toEqual(['queued', 'started', 'finished'])
    const bytes = events.flatMap((event) => (event.type === 'stdout' ? [...toBytes(event)] : []))
    expect(Buffer.from(bytes).toString('hex')).toBe(`${Buffer.from('hello\n€').toString('hex')}ff00`)
  })

  test('runs files, with what belongs to them', async ({ start }) => {
    const { connect } = await start()
    const runnel = connect()
    const files = [
      { path: 'main.py', content: 'out from a file' },
      { path: 'data.bin', content: '/wA=', encoding: 'base64' as const },
    ]
    const options = { entry: 'main.py', args: ['one'], env: { NAME: 'secret' }, stdin: 'in', limits: { wallMs: 5_000 } }
    const { stdout, jobId } = await runnel.run(files, { language: 'python', ...options })
    expect(stdout).toBe('from a file\n')
    expect(await runnel.jobs.get(jobId)).toMatchObject({ status: 'finished', limits: { wallMs: 5_000 } })
    const { jobs } = await runnel.jobs.list({ outcome: ['succeeded', 'failed'], language: 'python', q: 'FROM A' })
    expect(jobs.map(({ id, firstLine }) => [id, firstLine])).toEqual([[jobId, 'out from a file']])
    expect(await runnel.jobs.program(jobId)).toMatchObject({
      files: [{ ...files[0], encoding: 'utf8' }, files[1]],
      entry: 'main.py',
      args: ['one'],
      envNames: ['NAME'],
      stdin: 'in',
    })
  })

  test('is canceled by its signal, and ends with what was printed before', async ({ start }) => {
    const { connect } = await start()
    const stop = new AbortController()
    const { outcome, stdout } = await connect().run('out a\nwait', {
      language: 'python',
      signal: stop.signal,
      onStdout: () => stop.abort(),
    })
    expect([outcome, stdout]).toEqual([{ type: 'canceled' }, 'a\n'])
  })

  test('that was aborted before it began throws the reason and leaves no job', async ({ start }) => {
    const { connect } = await start()
    const runnel = connect()
    const reason = new Error('never mind')
    await expect(runnel.run('out a', { language: 'python', signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect((await runnel.jobs.list()).jobs).toEqual([])
  })

  test('sends input in the order of the calls, signals and sizes', async ({ start }) => {
    const { connect } = await start()
    const runnel = connect()
    const { stdout, stderr } = await runnel.run('input', {
      language: 'python',
      tty: true,
      async onAccepted({ id }) {
        // Not awaited one by one: people type faster than answers come.
        await Promise.all([
          ...[...'typed'].map((letter) => runnel.jobs.sendInput(id, letter)),
          runnel.jobs.sendInput(id, Uint8Array.of(0xe2, 0x82, 0xac)),
          runnel.jobs.resize(id, { cols: 100, rows: 30 }),
          runnel.jobs.signal(id, 'SIGINT'),
          runnel.jobs.sendInput(id, { data: '!', end: true }),
        ])
      },
    })
    expect([stdout, stderr]).toEqual(['typed€100x30\n!', 'SIGINT\n'])
  })

  test('keeps as much output as it is told to, and gives all of it to the callback', async ({ start }) => {
    const { connect } = await start()
    let characters = 0
    const { stdout, truncated } = await connect().run('flood 100', {
      language: 'python',
      keepBytes: 10_000,
      onStdout(text) {
        characters += text.length
      },
    })
    expect([characters, truncated]).toEqual([102_400, true])
    expect(stdout.length).toBeGreaterThan(3_000)
    expect(stdout.length).toBeLessThanOrEqual(10_000)
  })

  test('passes on what a callback throws', async ({ start }) => {
    const { connect } = await start()
    const error = new Error('mine')
    const run = connect().run('out a', {
      language: 'python',
      onStdout() {
        throw error
      },
    })
    await expect(run).rejects.toBe(error)
  })

  test('submits once, however often the answer is lost', async ({ start }) => {
    const { gate, connect } = await start()
    const runnel = connect()
    gate.loseAnswer()
    const { stdout } = await runnel.run('out once', { language: 'python' })
    expect(stdout).toBe('once\n')
    expect((await runnel.jobs.list()).jobs.length).toBe(1)
  })

  test('says when to try again if the queue is full', async ({ start }) => {
    const { connect } = await start({ bounds: { queued: 10, tenant: { running: 1, queued: 1 } } })
    const runnel = connect()
    const running = await runnel.jobs.submit({ language: 'python', code: 'wait' })
    await eventually(async () => expect((await runnel.jobs.get(running.id)).status).toBe('running'))
    await runnel.jobs.submit({ language: 'python', code: 'out a' })
    const error = await runnel.run('out b', { language: 'python' }).catch((thrown: unknown) => thrown)
    if (!(error instanceof RunnelApiError)) throw error
    expect([error.code, error.status]).toEqual(['queue-full', 429])
    expect(error.retryAfterMs).toBeGreaterThan(0)
    expect(error.requestId).toMatch(/^req_/)
    expect(error.details).toEqual([
      { path: 'queue.length', message: '1' },
      { path: 'queue.bound', message: '1' },
    ])
  })
})
