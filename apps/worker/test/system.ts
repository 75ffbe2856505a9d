import { type Job, type JobEvent, jobEventSchema, jobSchema } from '@runnel/contract/public'
import { eventually } from '@runnel/testing'
import { z } from 'zod'
import { containersOf, type Process, saying, startProcess } from './process.ts'

export type { Process }

export interface System extends AsyncDisposable {
  readonly url: string
  /** The API that was started last. */
  readonly api: Process
  readonly workers: Process[]
  /** Starts another API at the address of the first, which must have ended. */
  startApi(): Promise<Process>
  startWorker(env?: Readonly<Record<string, string>>): Promise<Process>
  submit(job: Readonly<Record<string, unknown>>): Promise<Job>
  /** The job as it is now. */
  read(jobId: string): Promise<Job>
  finished(jobId: string, withinMs?: number): Promise<Job>
  events(jobId: string): Promise<JobEvent[]>
  call(method: string, path: string, body?: unknown): Promise<Response>
}

/**
 * The whole system as real processes on one Redis: an API and any number of workers. Disposing it stops all of them, and
 * fails the test if a worker that exited with 0 left a container.
 */
export const startSystem = async (options: {
  readonly redisUrl: string
  readonly prefix: string
  readonly workers?: number
  readonly env?: Readonly<Record<string, string>>
}): Promise<System> => {
  const { redisUrl, prefix, workers: workerCount = 1 } = options
  const env = {
    REDIS_URL: redisUrl,
    RUNNEL_PREFIX: prefix,
    RUNNEL_API_PORT: '0',
    RUNNEL_LANGUAGES: 'python',
    RUNNEL_POOL_MIN: '2',
    ...options.env,
  }
  const apis = [startProcess('api', env)]
  const workers: Process[] = []
  const lastApi = (): Process => {
    const api = apis.at(-1)
    if (api === undefined) throw new Error('There is no API')
    return api
  }

  const startWorker = async (more: Readonly<Record<string, string>> = {}): Promise<Process> => {
    const worker = startProcess('worker', { ...env, ...more })
    workers.push(worker)
    await saying(worker, 'The worker takes jobs')
    return worker
  }
  const stop = async (): Promise<void> => {
    const parts = [...workers, ...apis].filter(({ hasExited }) => !hasExited)
    for (const name of ['SIGCONT', 'SIGTERM'] as const) for (const part of parts) part.signal(name)
    const codes = await Promise.all(workers.map(({ exited }) => exited))
    await Promise.all(apis.map(({ exited }) => exited))
    for (const [index, worker] of workers.entries()) {
      if (codes[index] !== 0) continue
      const left = async () => {
        const containers = await containersOf(worker)
        if (containers.length > 0) throw new Error(`A worker left containers behind: ${containers.join(', ')}`)
      }
      // A busy engine lists containers for a while that it is removing.
      await eventually(left, { withinMs: 20_000 })
    }
  }

  try {
    const { msg } = await saying(lastApi(), 'The API is listening at ')
    const url = /http:\S+?(?=,)/.exec(msg)?.[0] ?? ''
    // The API listens before it has reached Redis.
    await eventually(async () => (await fetch(`${url}/health/ready`)).ok, { withinMs: 10_000 })
    await Promise.all(Array.from({ length: workerCount }, () => startWorker()))
    const call: System['call'] = (method, path, body) => {
      const json =
        body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
      return fetch(`${url}${path}`, { method, ...json })
    }
    const read: System['read'] = async (jobId) => jobSchema.parse(await (await call('GET', `/v1/jobs/${jobId}`)).json())
    return {
      url,
      get api() {
        return lastApi()
      },
      workers,
      async startApi() {
        const api = startProcess('api', { ...env, RUNNEL_API_PORT: new URL(url).port })
        apis.push(api)
        await saying(api, 'The API is listening at ')
        return api
      },
      startWorker,
      call,
      read,
      async submit(job) {
        const answer = await call('POST', '/v1/jobs', job)
        if (answer.status !== 202) throw new Error(`${answer.status}: ${await answer.text()}`)
        return jobSchema.parse(await answer.json())
      },
      finished: (jobId, withinMs = 60_000) =>
        eventually(
          async () => {
            const job = await read(jobId)
            if (job.status !== 'finished') throw new Error(`${jobId} is ${job.status}`)
            return job
          },
          { withinMs, everyMs: 50 },
        ),
      async events(jobId) {
        const text = await (await call('GET', `/v1/jobs/${jobId}/events`)).text()
        const events = text
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => jobEventSchema.parse(JSON.parse(line)))
        if (events.at(-1)?.type !== 'finished') throw new Error(`The events of ${jobId} ended before it finished`)
        return events
      },
      [Symbol.asyncDispose]: stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The output of a finished job, as text. */
export const stdoutOf = (job: Job): string => job.output?.stdout.data ?? ''

const countsSchema = z.object({ workers: z.number(), workersNotReady: z.number() })

/** Resolves when the API counts this many workers that take jobs, and this many that are alive and take none. */
export const untilWorkers = (system: System, ready: number, notReady: number): Promise<unknown> =>
  eventually(
    async () => {
      const { workers, workersNotReady } = countsSchema.parse(await (await system.call('GET', '/health/ready')).json())
      if (workers !== ready || workersNotReady !== notReady) throw new Error(`${workers} ready, ${workersNotReady} not`)
    },
    { withinMs: 15_000 },
  )
