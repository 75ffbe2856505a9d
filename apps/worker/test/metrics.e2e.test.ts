import { readFileSync } from 'node:fs'
import { keyRequestSchema } from '@runnel/contract/public'
import { redisTest as test } from '@runnel/redis/testing'
import { createKeys } from '@runnel/registry'
import { type System, saying, startSystem, stdoutOf } from '@runnel/testing/system'
import { expect } from 'vitest'

const DASHBOARD = new URL('../../../infra/grafana/dashboards/runnel.json', import.meta.url)
/** Every metric that an expression of the dashboard names. */
const METRIC = /\b(?:runnel|process|nodejs)_\w+/g

const PROMETHEUS = keyRequestSchema.parse({ tenant: 'operators', scopes: ['admin'], name: 'prometheus' })

const readDashboard = (): string[] => {
  const { panels }: { panels: { targets: { expr: string }[] }[] } = JSON.parse(readFileSync(DASHBOARD, 'utf8'))
  const expressions = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
  return [...new Set(expressions.flatMap((expression) => expression.match(METRIC) ?? []))]
}

const scrape = async (
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<ReadonlyMap<string, number>> => {
  const answer = await fetch(url, { headers })
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
  const lines = (await answer.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  )
}

const namesOf = (samples: ReadonlyMap<string, number>): string[] =>
  [...samples.keys()].map((sample) => sample.replace(/\{.*/, ''))

/** Where each worker listens. */
const findWorkers = async ({ workers }: System): Promise<string[]> =>
  Promise.all(
    workers.map(async (worker) => {
      const { msg } = await saying(worker, 'shows its metrics at ')
      return /http:\S+(?=\/metrics)/.exec(msg)?.[0] ?? ''
    }),
  )

test('Two workers and the API are scraped; the numbers add up, and have every metric that the dashboard uses', async ({
  redis,
  redisUrl,
  prefix,
}) => {
  const env = {
    RUNNEL_SANDBOX: 'local',
    DOCKER_HOST: 'unix:///nowhere.sock',
    RUNNEL_CONCURRENCY: '2',
    RUNNEL_WORKER_LISTEN: '127.0.0.1:0',
  }
  await using system = await startSystem({ redisUrl, prefix, workers: 2, env })
  // Nobody runs programs without isolation and does not know.
  for (const worker of system.workers) await saying(worker, 'WITHOUT ISOLATION')
  const urls = await findWorkers(system)
  expect(new Set(urls).size).toBe(2)

  const codes = ['print(1)', 'print(2)', 'raise SystemExit(3)', 'pass', 'print(4)', 'print(5)']
  const jobs = await Promise.all(codes.map((code) => system.submit({ language: 'python', code })))
  const ended = await Promise.all(jobs.map(({ id }) => system.finished(id)))
  expect(ended.map(stdoutOf)).toEqual(['1\n', '2\n', '', '', '4\n', '5\n'])
  expect((await system.call('POST', '/v1/jobs', { code: '' })).status).toBe(400)

  const workers = await Promise.all(urls.map((url) => scrape(`${url}/metrics`)))
  // Only now, because the first key ends access without keys.
  const { text: key } = await createKeys({ redis, prefix }).create(PROMETHEUS)
  const api = await scrape(`${system.url}/metrics`, { authorization: `Bearer ${key}` })
  const sum = (sample: string) => workers.reduce((all, one) => all + (one.get(sample) ?? Number.NaN), 0)
  expect(sum('runnel_jobs_ended_total{outcome="succeeded"}')).toBe(5)
  expect(sum('runnel_jobs_ended_total{outcome="failed"}')).toBe(1)
  expect(sum('runnel_jobs_ended_total{outcome="sandbox-failed"}')).toBe(0)
  expect(sum('runnel_job_wait_seconds_count')).toBe(6)
  expect(sum('runnel_job_run_seconds_count')).toBe(6)
  expect(sum('runnel_job_first_output_seconds_count')).toBe(4)
  expect(sum('runnel_worker_ready')).toBe(2)
  expect(sum('runnel_worker_concurrency_jobs')).toBe(4)
  expect(sum('runnel_worker_running_jobs')).toBe(0)
  expect(api.get('runnel_jobs_accepted_total')).toBe(6)
  expect(api.get('runnel_submissions_refused_total{code="invalid-request"}')).toBe(1)
  expect(api.get('runnel_workers{state="ready"}')).toBe(2)
  expect(api.get('runnel_queue_waiting_jobs')).toBe(0)
  expect(api.get('runnel_redis_up')).toBe(1)
  expect(api.get('runnel_http_request_duration_seconds_count{method="POST",route="/v1/jobs",status="202"}')).toBe(6)

  const names = new Set([api, ...workers].flatMap(namesOf))
  expect(readDashboard().length).toBeGreaterThan(20)
  expect(readDashboard().filter((name) => !names.has(name))).toEqual([])

  const health = await fetch(`${urls[0]}/health`)
  expect([health.status, await health.json()]).toMatchObject([200, { state: 'ready', ready: true, concurrency: 2 }])
})
