import { isDeepStrictEqual } from 'node:util'
import type { JobEvent, Outcome } from '@runnel/contract/public'
import type { Redis } from '@runnel/redis'
import { findQueueLeftovers } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import type { System } from '@runnel/testing/system'
import { LONGEST_MS } from './load.ts'
import type { Accepted } from './run-faults.ts'
import { requireNext } from './watch-job.ts'

/** How many events of a wrong job are shown. */
const SHOWN_EVENTS = 40

/** What the last attempt printed. */
const printed = (events: readonly JobEvent[]): string => {
  const last = events.at(-1)?.id.split('-')[0]
  const pieces = events.flatMap((event) =>
    event.type === 'stdout' && event.id.split('-')[0] === last ? [Buffer.from(event.data, event.encoding)] : [],
  )
  return Buffer.concat(pieces).toString()
}

const outcomeOf = (events: readonly JobEvent[]): Outcome | undefined => {
  const last = events.at(-1)
  return last?.type === 'finished' ? last.outcome : undefined
}

const checkOrder = (events: readonly JobEvent[]): void => {
  for (const [at, event] of events.entries()) requireNext(events[at - 1], event)
}

/** What is wrong with a job; undefined if nothing is. */
const checkJob = async (system: System, { id, task, watched }: Accepted): Promise<string | undefined> => {
  const seen = await watched
  const events = await system.events(id)
  checkOrder(events)
  const outcome = outcomeOf(events)
  if (!isDeepStrictEqual(seen, events)) {
    const isStart = isDeepStrictEqual(seen, events.slice(0, seen.length))
    return isStart ? `its watcher got nothing after ${seen.length} events` : 'its watcher saw other events than these'
  }
  if (outcome?.type === 'sandbox-failed') {
    const { reference } = outcome
    const isLogged = system.workers.some(({ lines }) => lines.some((line) => line.reference === reference))
    return isLogged ? undefined : `the reference ${reference} is in no log`
  }
  if (!isDeepStrictEqual(outcome, task.outcome)) return `its outcome should be ${JSON.stringify(task.outcome)}`
  if (printed(events) !== task.stdout) return `it should have printed ${JSON.stringify(task.stdout.slice(0, 200))}`
  return undefined
}

const describe = async (system: System, { id, task }: Accepted, why: string): Promise<string> => {
  const text = await system.call('GET', `/v1/jobs/${id}`).then(
    (answer) => answer.text(),
    (error: unknown) => String(error),
  )
  const events = await system.events(id).catch((error: unknown) => [String(error)])
  const shown = events.slice(-SHOWN_EVENTS).map((event) => `    ${JSON.stringify(event).slice(0, 300)}`)
  const lines = system.workers.flatMap((worker) => worker.lines.filter(({ jobId }) => jobId === id))
  const logged = lines.map((line) => `    ${JSON.stringify(line).slice(0, 600)}`)
  return [`${id}: ${why}`, `  ${JSON.stringify(task.job)}`, `  ${text.slice(0, 500)}`, ...shown, ...logged].join('\n')
}

/** What must not exist after all jobs have finished. */
const findLeftovers = async (redis: Redis, prefix: string): Promise<string[]> => {
  const left = await findQueueLeftovers(redis, prefix)
  for await (const page of redis.scanStream({ match: `${prefix}*`, count: 1_000 })) {
    for (const key of page as string[]) {
      // `bounds` goes with the sweep after a tenant's last job, a lock with its job.
      if (/:(control|stdin):|:bounds$|:lock$/.test(key)) left.push(`${key} is still there`)
      if (key.includes(':events:') && (await redis.pttl(key)) === -1) left.push(`${key} would stay forever`)
    }
  }
  return left
}

/** How many jobs are checked at once. */
const CHECKED_AT_ONCE = 32

export const checkJobs = async (options: {
  readonly system: System
  readonly accepted: readonly Accepted[]
  readonly redis: Redis
  readonly prefix: string
}) => {
  const { system, accepted, redis, prefix } = options
  const wrong: string[] = []
  let ourFailures = 0
  let attempts = 0
  const left = accepted.values()
  const checkNext = async (): Promise<void> => {
    for (const one of left) {
      const why = await checkJob(system, one).catch((error: unknown) => String(error))
      if (why !== undefined) wrong.push(await describe(system, one, why))
      // A job that cannot be read is in `wrong` already.
      const job = await system.read(one.id).catch(() => undefined)
      attempts += job?.attempt ?? 0
      if (job?.outcome?.type === 'sandbox-failed') ourFailures += 1
    }
  }
  await Promise.all(Array.from({ length: CHECKED_AT_ONCE }, checkNext))
  // A worker writes to the queue after the log, and a job whose submission was not answered may still run.
  await eventually(
    async () => {
      const left = await findLeftovers(redis, prefix)
      if (left.length > 0) throw new Error(left.join('\n'))
    },
    { withinMs: LONGEST_MS + 15_000, everyMs: 500 },
  ).catch((error: unknown) => wrong.push(String(error)))
  return { wrong, ourFailures, attempts }
}
