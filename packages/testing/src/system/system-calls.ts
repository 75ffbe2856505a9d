import { type Job, type JobEvent, jobEventSchema, jobSchema } from '@runnel/contract/public'
import { z } from 'zod'
import { eventually } from '../eventually.ts'

/** What tests ask of a running system, over HTTP. */
export interface SystemCalls {
  readonly url: string
  submit(job: Readonly<Record<string, unknown>>): Promise<Job>
  /** The job as it is now. */
  read(jobId: string): Promise<Job>
  finished(jobId: string, withinMs?: number): Promise<Job>
  events(jobId: string): Promise<JobEvent[]>
  call(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response>
}

/** Calls the API at that URL, which has no slash at its end. With a key, each request carries it. */
export const createSystemCalls = (url: string, key?: string): SystemCalls => {
  const authorization = key === undefined ? {} : { authorization: `Bearer ${key}` }
  const call: SystemCalls['call'] = (method, path, body, signal) => {
    const json =
      body === undefined
        ? { headers: authorization }
        : { headers: { ...authorization, 'content-type': 'application/json' }, body: JSON.stringify(body) }
    return fetch(`${url}${path}`, { method, signal: signal ?? null, ...json })
  }
  const read: SystemCalls['read'] = async (jobId) =>
    jobSchema.parse(await (await call('GET', `/v1/jobs/${jobId}`)).json())
  return {
    url,
    call,
    read,
    async submit(job) {
      const answer = await call('POST', '/v1/jobs', job)
      if (answer.status !== 202) throw new Error(`${answer.status}: ${await answer.text()}`)
      return jobSchema.parse(await answer.json())
    },
    finished(jobId, withinMs = 60_000) {
      const signal = AbortSignal.timeout(withinMs)
      return eventually(
        async () => {
          // One stream that ends with the job: asking for its status again and again takes the processors from the job.
          const stream = await call('GET', `/v1/jobs/${jobId}/events`, undefined, signal)
          await stream.body?.pipeTo(new WritableStream())
          const job = await read(jobId)
          if (job.status !== 'finished') throw new Error(`${jobId} is ${job.status}`)
          return job
        },
        { withinMs, everyMs: 50 },
      )
    },
    async events(jobId) {
      const text = await (await call('GET', `/v1/jobs/${jobId}/events`)).text()
      const events = text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => jobEventSchema.parse(JSON.parse(line)))
      if (events.at(-1)?.type !== 'finished') throw new Error(`The events of ${jobId} ended before it finished`)
      return events
    },
  }
}

/** The output of a finished job, as text. */
export const stdoutOf = (job: Job): string => job.output?.stdout.data ?? ''

const countsSchema = z.object({ workers: z.number(), workersNotReady: z.number() })

/** Resolves when the API counts this many workers that take jobs, and this many that are alive and take none. */
export const untilWorkers = (system: SystemCalls, ready: number, notReady: number): Promise<unknown> =>
  eventually(
    async () => {
      const { workers, workersNotReady } = countsSchema.parse(await (await system.call('GET', '/health/ready')).json())
      if (workers !== ready || workersNotReady !== notReady) throw new Error(`${workers} ready, ${workersNotReady} not`)
    },
    { withinMs: 15_000, everyMs: 100 },
  )
