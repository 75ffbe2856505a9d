import { eventually } from '../eventually.ts'
import { containersOf, type Process, saying, startProcess } from './process.ts'
import { createSystemCalls, type SystemCalls } from './system-calls.ts'

export interface System extends SystemCalls, AsyncDisposable {
  /** The API that was started last. */
  readonly api: Process
  readonly workers: Process[]
  /** Starts another API at the address of the first, which must have ended. */
  startApi(): Promise<Process>
  startWorker(env?: Readonly<Record<string, string>>): Promise<Process>
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
    RUNNEL_POOL_MIN: '1',
    // Tests count containers.
    RUNNEL_SANDBOX_POOL_MIN: '0',
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
    // All at once, because each takes a second, and no worker needs the API.
    const [{ msg }] = await Promise.all([
      saying(lastApi(), 'The API is listening at '),
      ...Array.from({ length: workerCount }, () => startWorker()),
    ])
    const url = /http:\S+?(?=,)/.exec(msg)?.[0] ?? ''
    // The API listens before it has reached Redis.
    await eventually(async () => (await fetch(`${url}/health/ready`)).ok, { withinMs: 10_000 })
    return {
      ...createSystemCalls(url),
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
      [Symbol.asyncDispose]: stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
