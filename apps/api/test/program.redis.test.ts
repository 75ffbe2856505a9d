import { defaultLimits, submittedProgramSchema } from '@runnel/contract/public'
import { redisTest } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { type Api, startApi } from './api.ts'

const test = redisTest.extend('api', async ({ redisUrl, prefix, resources }) => {
  const api = await startApi({ redisUrl, prefix, resources, retentionMs: 60_000 })
  const submit = async (payload: object): Promise<string> => {
    const response = await api.app.inject({ method: 'POST', url: '/v1/jobs', payload })
    if (response.statusCode !== 202) throw new Error(response.body)
    return response.json().id
  }
  const program = (id: string) => api.app.inject(`/v1/jobs/${id}/program`)
  return { ...api, submit, program }
})

const runAll = ({ work }: Api) =>
  work(async ({ job, attempt }, publisher) => {
    const log = publisher.open(job.id, attempt)
    await log.start()
    await log.finish({ type: 'exited', exitCode: 0 }, null)
  })

const DEFAULTS = {
  language: 'python',
  entry: 'main.py',
  args: [],
  envNames: [],
  stdin: '',
  interactive: false,
  tty: false,
  isolation: 'job',
  limits: defaultLimits(),
}
const BINARY = { path: 'data.bin', content: '//79', encoding: 'base64' }
const MAIN = { path: 'src/main.py', content: 'print(1)\n', encoding: 'utf8' }

describe("A job's program", () => {
  const CASES: [string, object, object][] = [
    ['code', { code: 'print(1)' }, { code: 'print(1)' }],
    [
      'the block of a chat answer, and where it was',
      { code: 'Try this:\n\n```python\nprint(1)\n```\n' },
      { code: 'print(1)\n', extracted: { firstLine: 4, lastLine: 4 } },
    ],
    [
      'code with all its settings, but no value of a variable',
      {
        code: 'print(1)',
        language: 'py',
        args: ['-v', 'ü'],
        env: { TOKEN: 'secret', HOME: '/' },
        stdin: 'hello\n',
        tty: true,
        cols: 100,
        isolation: 'container',
        limits: { wallMs: 1_000 },
      },
      {
        code: 'print(1)',
        args: ['-v', 'ü'],
        envNames: ['TOKEN', 'HOME'],
        stdin: 'hello\n',
        interactive: true,
        tty: true,
        cols: 100,
        rows: 24,
        isolation: 'container',
        limits: { ...defaultLimits(), wallMs: 1_000 },
      },
    ],
    ['one file', { files: [MAIN] }, { files: [MAIN], entry: MAIN.path }],
    [
      'several files, binary ones as base64',
      { files: [MAIN, BINARY], entry: MAIN.path, interactive: true },
      { files: [MAIN, BINARY], entry: MAIN.path, interactive: true },
    ],
  ]
  test.for(CASES)('has %s', async ([, submission, expected], { api }) => {
    const jobId = await api.submit(submission)
    const response = await api.program(jobId)
    expect(response.statusCode).toBe(200)
    expect(submittedProgramSchema.parse(response.json())).toEqual({ ...DEFAULTS, jobId, ...expected })
    expect(response.body).not.toContain('secret')
  })

  test('can be submitted again, and is the same then', async ({ api }) => {
    const {
      jobId,
      envNames: _,
      entry: __,
      ...first
    } = (await api.program(await api.submit({ code: 'print(1)' }))).json()
    const again = (await api.program(await api.submit(first))).json()
    expect(again).toEqual({ ...first, jobId: again.jobId, entry: 'main.py', envNames: [] })
    expect(again.jobId).not.toBe(jobId)
  })

  test('is kept as long as the job: also of a job that was canceled in the queue', async ({
    api,
    redis,
    redisKeys,
  }) => {
    const [canceled, done] = [await api.submit({ code: 'print(1)' }), await api.submit({ code: 'print(2)' })]
    await api.app.inject({ method: 'DELETE', url: `/v1/jobs/${canceled}` })
    await runAll(api)
    await eventually(async () => expect((await api.app.inject(`/v1/jobs/${done}`)).json().status).toBe('finished'))
    expect((await api.program(done)).json().code).toBe('print(2)')
    expect((await api.program(canceled)).json().code).toBe('print(1)')
    expect(await redis.pttl(redisKeys.queuedJob(canceled))).toBeGreaterThan(
      (await redis.pttl(redisKeys.events(canceled))) - 1_000,
    )
    await redis.del(redisKeys.events(canceled))
    expect((await api.program(canceled)).json().error).toMatchObject({ code: 'job-not-found' })
  })

  test('that an older version did not keep is refused with a sentence', async ({ api, redis, redisKeys }) => {
    const id = await api.submit({ code: 'print(1)' })
    await api.app.inject({ method: 'DELETE', url: `/v1/jobs/${id}` })
    await redis.del(redisKeys.queuedJob(id))
    const response = await api.program(id)
    expect(response.statusCode).toBe(404)
    expect(response.json().error.message).toBe(
      'The program of this job is not kept: an older version removed or wrote it',
    )
  })
})
