import type { Outcome } from '@runnel/contract/public'
import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { type Api, startApi } from './api.ts'

/** Plays a program that prints `out` and `err` and ends with this outcome. */
const playProgram = (api: Api, outcome: Outcome, err = ''): Promise<void> =>
  api.work(async ({ job, attempt }, publisher) => {
    const log = publisher.open(job.id, attempt)
    await log.start()
    await log.write('stdout', Buffer.concat([Buffer.from('out \u00e4'), Uint8Array.of(0xff)]))
    if (err !== '') await log.write('stderr', Buffer.from(err))
    await log.finish(outcome, { wallMs: 102.981, cpuMs: 3, peakMemoryBytes: null })
  })

describe.for(['/execute', '/api/execute'])('POST %s', (url) => {
  test('answers with the output of a program that succeeded', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    await playProgram(api, { type: 'exited', exitCode: 0 })
    const response = await api.app.inject({ method: 'POST', url, payload: { code: 'print(1)' } })
    expect(response.statusCode).toBe(200)
    expect(response.json()).toEqual({
      success: true,
      output: 'out \u00e4\ufffd',
      error: null,
      execution_time: 0.102981,
    })
  })

  test.for<[Outcome, string]>([
    [{ type: 'exited', exitCode: 3 }, 'The program exited with code 3.'],
    [{ type: 'signaled', signal: 'SIGSEGV' }, 'The program was ended by SIGSEGV.'],
    [{ type: 'timed-out', limit: 'wall', limitMs: 30_000 }, 'The program used up its 30000 ms of time.'],
    [{ type: 'timed-out', limit: 'cpu', limitMs: 10_000 }, 'The program used up its 10000 ms of processor time.'],
    [{ type: 'out-of-memory', limitBytes: 1_024 }, 'The program used up its 1024 bytes of memory.'],
    [{ type: 'output-limit', limitBytes: 1_024 }, 'The program printed more than 1024 bytes.'],
    [{ type: 'canceled' }, 'The program was canceled.'],
    [
      { type: 'sandbox-failed', reference: 'abc' },
      "The sandbox failed, which is not the program's fault. Reference: abc.",
    ],
  ])('says how a program ended: %o', async ([outcome, sentence], { redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    await playProgram(api, outcome, 'Traceback')
    const response = await api.app.inject({ method: 'POST', url, payload: { code: 'x', language: 'python' } })
    expect(response.statusCode).toBe(200)
    expect(response.json()).toEqual({
      success: false,
      output: 'out \u00e4\ufffd',
      error: `Traceback\n${sentence}`,
      execution_time: 0.102981,
    })
  })

  const THREADS =
    'The program reached its limit of 64 processes and threads, and was refused another. Let it start fewer, or submit it to POST /v1/jobs with a higher limits.processes.'
  const MEMORY =
    'The program reached its limit of 1024 bytes of memory, and one of its processes was killed. Let it use less, or submit it to POST /v1/jobs with a higher limits.memoryBytes.'
  const DISK =
    'The program filled its disk: /workspace has 4096 bytes, /tmp a quarter of that. Let it write less, or submit it to POST /v1/jobs with a higher limits.diskBytes.'
  const hits = {
    threads: { limit: 'processes', value: 64 },
    memory: { limit: 'memoryBytes', value: 1_024 },
    disk: { limit: 'diskBytes', value: 4_096 },
  } as const

  test.for<[Outcome, string, { success: boolean; error: string | null }]>([
    [
      { type: 'exited', exitCode: 1, limitsHit: [hits.threads] },
      'Traceback',
      { success: false, error: `Traceback\nThe program exited with code 1.\n${THREADS}` },
    ],
    [{ type: 'exited', exitCode: 0, limitsHit: [hits.memory] }, '', { success: true, error: MEMORY }],
    [
      { type: 'exited', exitCode: 0, limitsHit: [hits.disk, hits.threads] },
      'warning',
      { success: true, error: `warning\n${DISK}\n${THREADS}` },
    ],
    [
      { type: 'signaled', signal: 'SIGABRT', limitsHit: [hits.memory] },
      '',
      { success: false, error: `The program was ended by SIGABRT.\n${MEMORY}` },
    ],
    [
      { type: 'timed-out', limit: 'wall', limitMs: 30_000, limitsHit: [hits.disk] },
      '',
      { success: false, error: `The program used up its 30000 ms of time.\n${DISK}` },
    ],
    [{ type: 'exited', exitCode: 0, limitsHit: [] }, '', { success: true, error: null }],
  ])(
    'names each limit that a program reached on the way: %o',
    async ([outcome, err, answer], { redisUrl, prefix, resources }) => {
      const api = await startApi({ redisUrl, prefix, resources })
      await playProgram(api, outcome, err)
      const response = await api.app.inject({ method: 'POST', url, payload: { code: 'x', language: 'python' } })
      expect(response.json()).toEqual({ ...answer, output: 'out \u00e4\ufffd', execution_time: 0.102981 })
    },
  )
})

test('Output that is too large for the memory of a transcript is in the answer whole', async ({
  redisUrl,
  prefix,
  resources,
}) => {
  const api = await startApi({ redisUrl, prefix, resources })
  await api.work(async ({ job, attempt }, publisher) => {
    const log = publisher.open(job.id, attempt)
    await log.start()
    for (let part = 0; part < 10; part += 1) await log.write('stdout', Buffer.alloc(20_000, `${part}`))
    await log.finish({ type: 'exited', exitCode: 0 }, null)
  })
  const response = await api.app.inject({ method: 'POST', url: '/execute', payload: { code: 'x', language: 'python' } })
  expect(response.json().output).toBe(Array.from({ length: 10 }, (_, part) => `${part}`.repeat(20_000)).join(''))
})

test('A program is canceled if its caller goes away', async ({ redisUrl, prefix, resources }) => {
  const api = await startApi({ redisUrl, prefix, resources })
  const away = new AbortController()
  const asked = fetch(`${await api.listen()}/execute`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"code":"print(1)"}',
    signal: away.signal,
  }).catch(() => 'gone')
  await eventually(async () => expect((await api.app.inject('/v1/jobs')).json().jobs.length).toBe(1))
  away.abort()
  expect(await asked).toBe('gone')
  await eventually(async () => {
    expect((await api.app.inject('/v1/jobs')).json().jobs[0]).toMatchObject({
      status: 'finished',
      outcome: { type: 'canceled' },
    })
  })
})
