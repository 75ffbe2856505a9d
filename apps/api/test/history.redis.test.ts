import { type JobPage, jobPageSchema, OUTCOME_CLASSES, type Outcome, type OutcomeClass } from '@runnel/contract/public'
import { redisTest } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { type Api, startApi } from './api.ts'
import { holdKey, submitAs } from './key-holder.ts'

const USAGE = { wallMs: 12, cpuMs: 3, peakMemoryBytes: 1_000 }
const OUTCOMES: Readonly<Record<OutcomeClass, Outcome>> = {
  succeeded: { type: 'exited', exitCode: 0 },
  failed: { type: 'exited', exitCode: 3 },
  signaled: { type: 'signaled', signal: 'SIGSEGV' },
  'timed-out': { type: 'timed-out', limit: 'wall', limitMs: 30_000 },
  'out-of-memory': { type: 'out-of-memory', limitBytes: 1_000 },
  'output-limit': { type: 'output-limit', limitBytes: 1_000 },
  canceled: { type: 'canceled' },
  'sandbox-ended': { type: 'sandbox-ended', ending: 'lost' },
  'sandbox-failed': { type: 'sandbox-failed', reference: 'r1' },
}

const list = async ({ app }: Api, query = '', headers: Record<string, string> = {}): Promise<JobPage> => {
  const response = await app.inject({ url: `/v1/jobs?${query}`, headers })
  if (response.statusCode !== 200) throw new Error(response.body)
  return jobPageSchema.parse(response.json())
}

const linesOf = ({ jobs }: JobPage): (string | undefined)[] => jobs.map(({ firstLine }) => firstLine)

/** The first line of a job says how its worker ends it. With `# stays` it runs until the test is over. */
const test = redisTest.extend('api', async ({ redisUrl, prefix, resources }) => {
  const api = await startApi({ redisUrl, prefix, resources })
  const over = new AbortController()
  await api.work(async ({ job, attempt }, publisher) => {
    const log = publisher.open(job.id, attempt)
    await log.start()
    const word = OUTCOME_CLASSES.find((name) => job.program.files[0]?.content.trimStart().startsWith(`# ${name}`))
    if (word === undefined) await new Promise((resolve) => over.signal.addEventListener('abort', resolve))
    await log.finish(OUTCOMES[word ?? 'canceled'], USAGE)
  })
  resources.defer(() => over.abort())
  const submit = async (code: string, more: object = {}): Promise<string> => {
    const response = await api.app.inject({
      method: 'POST',
      url: '/v1/jobs',
      payload: { code, language: 'python', ...more },
    })
    return response.json().id
  }
  const read = async (id: string) => (await api.app.inject(`/v1/jobs/${id}`)).json()
  const until = (id: string, status: string) => eventually(async () => expect((await read(id)).status).toBe(status))
  return { ...api, submit, read, until }
})

describe('GET /v1/jobs', () => {
  test('says of each job what GET /v1/jobs/:id says, and how it starts', async ({ api }) => {
    const done = await api.submit('\n# failed\nprint(1)\n', { limits: { wallMs: 1_000 } })
    await api.until(done, 'finished')
    for (let n = 0; n < 4; n += 1) await api.until(await api.submit('# stays'), 'running')
    const waiting = await api.submit('```bash\n# waits\n```', { language: undefined })
    const canceled = await api.submit('# never runs')
    await api.app.inject({ method: 'DELETE', url: `/v1/jobs/${canceled}` })
    const page = await list(api)
    expect(linesOf(page)).toEqual(['# never runs', '# waits', ...Array<string>(4).fill('# stays'), '# failed'])
    expect(page).not.toHaveProperty('next')
    expect(page).not.toHaveProperty('lookedBackTo')
    for (const { firstLine: _, ...listed } of page.jobs) {
      const { output: __, queuePosition: ___, estimatedWaitMs: ____, ...job } = await api.read(listed.id)
      expect(listed).toEqual(job)
    }
    expect(page.jobs.map(({ id, status }) => [id, status])).toEqual(
      expect.arrayContaining([
        [canceled, 'finished'],
        [waiting, 'queued'],
        [done, 'finished'],
      ]),
    )
  })

  const NEWEST_FIRST = OUTCOME_CLASSES.toReversed()
  const FILTERS: [string, readonly string[]][] = [
    ['', ['# stays', ...NEWEST_FIRST.flatMap((name) => [`# ${name} in bash`, `# ${name}`])]],
    ...OUTCOME_CLASSES.map((name): [string, string[]] => [`outcome=${name}`, [`# ${name} in bash`, `# ${name}`]]),
    ['outcome=exited', ['# failed in bash', '# failed', '# succeeded in bash', '# succeeded']],
    ['outcome=failed,canceled', ['# canceled in bash', '# canceled', '# failed in bash', '# failed']],
    ['outcome=failed&outcome=canceled', ['# canceled in bash', '# canceled', '# failed in bash', '# failed']],
    ['outcome=failed&language=py', ['# failed']],
    ['outcome=failed&language=python,bash', ['# failed in bash', '# failed']],
    ['outcome=failed&language=javascript', []],
    ['language=sh', NEWEST_FIRST.map((name) => `# ${name} in bash`)],
    ['status=running', ['# stays']],
    ['status=queued', []],
    ['status=running&language=bash', []],
    ['status=running,finished&outcome=failed', ['# failed in bash', '# failed']],
    ['status=running&outcome=failed', []],
    ['q=LIMIT', ['# output-limit in bash', '# output-limit']],
    ['q=Out-of', ['# out-of-memory in bash', '# out-of-memory']],
    ['q=in%20bash&outcome=failed', ['# failed in bash']],
    ['q=print', []],
    ['q=&outcome=failed', ['# failed in bash', '# failed']],
  ]
  test('filters by outcome, language, status and text, in pages of any size', async ({ api }) => {
    for (const name of OUTCOME_CLASSES) {
      await api.until(await api.submit(`# ${name}\nprint(1)`), 'finished')
      await api.until(await api.submit(`# ${name} in bash`, { language: 'bash' }), 'finished')
    }
    await api.until(await api.submit('# stays'), 'running')
    for (const [query, expected] of FILTERS) {
      for (const limit of [1, 2, 100]) {
        const found: (string | undefined)[] = []
        let next: string | undefined
        do {
          const page = await list(api, `${query}&limit=${limit}${next === undefined ? '' : `&cursor=${next}`}`)
          expect(page.jobs.length).toBeLessThanOrEqual(limit)
          found.push(...linesOf(page))
          next = page.next
        } while (next !== undefined)
        expect([query, limit, found]).toEqual([query, limit, expected])
      }
    }
  })

  test('filters by the times of jobs', async ({ api }) => {
    const ids = ['# failed', '# succeeded', '# canceled'].map(async (code) => api.submit(code))
    const [first = '', second = ''] = await Promise.all(ids)
    for (const id of [first, second]) await api.until(id, 'finished')
    const job = await api.read(second)
    for (const [by, at] of [
      ['submitted', job.submittedAt],
      ['started', job.startedAt],
      ['finished', job.finishedAt],
    ]) {
      const after = new Date(Date.parse(at) + 1).toISOString()
      const isListed = async (query: string) =>
        (await list(api, `by=${by}&${query}`)).jobs.some(({ id }) => id === second)
      expect([by, await isListed(`from=${at}&to=${after}`)]).toEqual([by, true])
      expect([by, await isListed(`from=${after}`)]).toEqual([by, false])
      expect([by, await isListed(`to=${at}`)]).toEqual([by, false])
      // The same time, as a clock in another place shows it.
      const elsewhere = at.replace('Z', '%2B00:00')
      expect([by, await isListed(`from=${elsewhere}`)]).toEqual([by, true])
    }
  })

  test('says how far back a search looked, and where it continues', async ({ api }) => {
    const ids: string[] = []
    for (const code of ['# failed one', '# failed two', '# failed three']) ids.push(await api.submit(code))
    for (const id of ids) await api.until(id, 'finished')
    const [oldest, middle] = [await api.read(ids[0] ?? ''), await api.read(ids[1] ?? '')]
    expect(await list(api, 'q=one')).toMatchObject({
      jobs: [oldest.id].map((id) => ({ id })),
      lookedBackTo: oldest.submittedAt,
    })
    const page = await list(api, 'q=failed&limit=2')
    expect(page).toMatchObject({ lookedBackTo: middle.submittedAt, next: expect.stringContaining(middle.id) })
    expect(await list(api, 'q=nothing')).toEqual({ jobs: [], lookedBackTo: oldest.submittedAt })
    expect(await list(api, `q=one&to=${oldest.submittedAt}`)).toEqual({ jobs: [] })
  })

  test('names the key that submitted a job, also after it was revoked, and lists no job of another tenant', async ({
    api,
  }) => {
    const key = await holdKey(api, { name: 'the chat' })
    const nameless = await holdKey(api)
    const spy = await holdKey(api, { tenant: 'spy' })
    const [mine, other] = [
      await submitAs(api, key, { code: '# failed', language: 'python' }),
      await submitAs(api, nameless, { code: '# failed', language: 'python' }),
    ]
    await eventually(async () => expect((await list(api, 'outcome=failed', key.headers)).jobs.length).toBe(2))
    await api.backend.keys.revoke(nameless.key.id)
    const keys = (await list(api, '', key.headers)).jobs.map((job) => [job.id, job.key])
    expect(keys).toEqual([
      [other, { id: nameless.key.id, name: '' }],
      [mine, { id: key.key.id, name: 'the chat' }],
    ])
    for (const query of ['', 'outcome=failed', 'q=failed', 'status=finished', 'by=finished'])
      expect([query, await list(api, query, spy.headers)]).toEqual([query, { jobs: [] }])
    const { next } = await list(api, 'limit=1', key.headers)
    expect(await list(api, `cursor=${next}`, spy.headers)).toEqual({ jobs: [] })
  })

  test('lists a job of an older version, which has no record, from its log', async ({ api, redis, redisKeys }) => {
    const id = await api.submit('# failed')
    await api.until(id, 'finished')
    await redis.del(redisKeys.jobRecord(id))
    const { output: _, ...job } = await api.read(id)
    expect(await list(api)).toEqual({ jobs: [job] })
    expect((await list(api, 'q=failed')).jobs).toEqual([])
  })

  test('does not list a job that is gone', async ({ api, redis, redisKeys }) => {
    const id = await api.submit('# failed')
    await api.until(id, 'finished')
    await redis.del(redisKeys.jobRecord(id), redisKeys.events(id))
    expect(await list(api)).toEqual({ jobs: [] })
    expect(await list(api, 'outcome=failed')).toEqual({ jobs: [] })
  })

  test.for([
    [
      'outcome=good',
      'invalid-request',
      'Cannot filter by the outcome "good": use one or several of succeeded, failed, signaled, timed-out, out-of-memory, output-limit, canceled, sandbox-ended, sandbox-failed, exited',
    ],
    ['outcome=', 'invalid-request', /^Cannot filter by the outcome "": use one or several of /],
    [
      'outcome=failed,constructor',
      'invalid-request',
      /^Cannot filter by the outcome "constructor": use one or several of /,
    ],
    [
      'status=done',
      'invalid-request',
      'Cannot filter by the status "done": use one or several of queued, running, finished',
    ],
    [
      'language=cobol',
      'unknown-language',
      'Cannot filter by the language "cobol": use one or several of python (py, python3, py3), javascript (js, node, nodejs, mjs, cjs, jsx), typescript (ts, mts, cts, tsx), bash (sh, shell, shellscript)',
    ],
    ['from=yesterday', 'invalid-request', 'Cannot read from "yesterday": write a time like 2026-11-29T12:00:00Z'],
    ['to=2026-11-29', 'invalid-request', 'Cannot read to "2026-11-29": write a time like 2026-11-29T12:00:00Z'],
    [
      'from=2026-11-29T12:00:00Z&to=2026-11-29T12:00:00Z',
      'invalid-request',
      'Cannot list jobs between these times: `to` must be later than `from`',
    ],
    ['by=queued', 'invalid-request', 'Cannot read by: it must be "submitted" or "started" or "finished"'],
    [
      `q=${'x'.repeat(201)}`,
      'invalid-request',
      'Cannot search for more than 200 characters: first lines have no more (q)',
    ],
  ] as const)('refuses ?%s', async ([query, code, message], { api }) => {
    const response = await api.app.inject(`/v1/jobs?${query}`)
    expect([response.statusCode, response.json().error.code]).toEqual([400, code])
    expect(response.json().error.message).toMatch(message)
  })
})
