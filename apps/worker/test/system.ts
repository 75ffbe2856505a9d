import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type Job, type JobEvent, jobEventSchema, jobSchema } from '@runnel/contract'
import { eventually } from '@runnel/testing'
import Docker from 'dockerode'

/** A line of a process's log. */
interface LogLine {
  readonly msg: string
  readonly worker?: string
  readonly jobId?: string
}

/** A process of ours, as an operator would start it. */
export interface Process {
  readonly pid: number
  readonly lines: readonly LogLine[]
  /** Resolves with the exit code, null after a signal. */
  readonly exited: Promise<number | null>
  signal(name: NodeJS.Signals): void
}

export interface System extends AsyncDisposable {
  readonly url: string
  readonly workers: Process[]
  startWorker(env?: Readonly<Record<string, string>>): Promise<Process>
  submit(job: Readonly<Record<string, unknown>>): Promise<Job>
  /** Its state now. */
  read(jobId: string): Promise<Job>
  finished(jobId: string, withinMs?: number): Promise<Job>
  events(jobId: string): Promise<JobEvent[]>
  call(method: string, path: string, body?: unknown): Promise<Response>
}

const startProcess = (app: 'api' | 'worker', env: Readonly<Record<string, string>>): Process => {
  const { PATH = '', HOME = '' } = process.env
  const main = fileURLToPath(new URL(`../../${app}/src/main.ts`, import.meta.url))
  const child = spawn(process.execPath, [main], { env: { PATH, HOME, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: LogLine[] = []
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', (line) => {
      lines.push(line.startsWith('{') ? JSON.parse(line) : { msg: line })
    })
  }
  const exited = once(child, 'exit').then(([code]): number | null => code)
  return { pid: child.pid ?? 0, lines, exited, signal: (name) => void child.kill(name) }
}

const saying = (part: Process, words: string, withinMs = 30_000): Promise<LogLine> =>
  eventually(
    () => {
      const line = part.lines.find(({ msg }) => msg.includes(words))
      if (line === undefined) throw new Error(`Nobody said "${words}": ${JSON.stringify(part.lines.slice(-5))}`)
      return line
    },
    { withinMs },
  )

const docker = new Docker()

/** Containers that are really there: an engine may go on listing one that it has removed and no longer knows. */
const containersOf = async (part: Process): Promise<number> => {
  const worker = part.lines.find(({ worker: name }) => name !== undefined)?.worker
  if (worker === undefined) return 0
  const listed = await docker.listContainers({ all: true, filters: { label: [`runnel.worker=${worker}`] } })
  const found = await Promise.allSettled(listed.map(({ Id }) => docker.getContainer(Id).inspect()))
  return found.filter(({ status }) => status === 'fulfilled').length
}

/**
 * The whole system as real processes on one Redis: an API and as many workers as wished. Disposing stops all of them
 * and fails the test when a worker that was stopped in order left a container.
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
    RUNNEL_POOL_MIN: '2',
    ...options.env,
  }
  const api = startProcess('api', env)
  const workers: Process[] = []

  const startWorker = async (more: Readonly<Record<string, string>> = {}): Promise<Process> => {
    const worker = startProcess('worker', { ...env, ...more })
    workers.push(worker)
    await saying(worker, 'The worker takes jobs')
    return worker
  }
  const stop = async (): Promise<void> => {
    for (const part of [...workers, api]) part.signal('SIGCONT')
    for (const part of [...workers, api]) part.signal('SIGTERM')
    const codes = await Promise.all(workers.map(({ exited }) => exited))
    await api.exited
    for (const [index, worker] of workers.entries()) {
      if (codes[index] !== 0) continue
      await eventually(async () => {
        if ((await containersOf(worker)) > 0) throw new Error('A worker left containers behind')
      })
    }
  }

  try {
    const { msg } = await saying(api, 'The API is listening at ')
    const url = /http:\S+?(?=,)/.exec(msg)?.[0] ?? ''
    await Promise.all(Array.from({ length: workerCount }, () => startWorker()))
    const call: System['call'] = (method, path, body) => {
      const json =
        body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
      return fetch(`${url}${path}`, { method, ...json })
    }
    const read: System['read'] = async (jobId) => jobSchema.parse(await (await call('GET', `/v1/jobs/${jobId}`)).json())
    return {
      url,
      workers,
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
        return text
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => jobEventSchema.parse(JSON.parse(line)))
      },
      [Symbol.asyncDispose]: stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** What a finished job printed, as text. */
export const stdoutOf = (job: Job): string => job.output?.stdout.data ?? ''
