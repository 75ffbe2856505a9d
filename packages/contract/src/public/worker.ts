import { z } from 'zod'

/** At most this many workers in one answer. */
export const WORKERS_LISTED = 1_000
/** How long a dead worker stays in the list, after it was last seen. A worker that stops in order leaves at once. */
export const DEAD_WORKER_KEPT_MS = 3_600_000

/**
 * What a worker is doing.
 *
 *   ready      takes jobs
 *   starting   has not checked its engine yet
 *   no-engine  its Docker engine does not answer, or makes no sandboxes
 *   draining   takes no new jobs, because an operator said so; some still run
 *   drained    the same, and none runs any more
 *   stopping   got a signal to stop; running jobs end first
 *   dead       not seen for 15 s: the process or its host died, or it cannot reach Redis
 */
export const workerStateSchema = z.enum(['ready', 'starting', 'no-engine', 'draining', 'drained', 'stopping', 'dead'])
export type WorkerState = z.output<typeof workerStateSchema>

/** What a worker gives a program whose job asks for isolation `job`. */
export const servedIsolationSchema = z.strictObject({
  served: z
    .enum(['job', 'container', 'none'])
    .describe(
      '`job`: as asked. `container`: a container of its own, because the host forbids nested namespaces. `none`: `RUNNEL_SANDBOX=local`.',
    ),
  reason: z
    .string()
    .optional()
    .describe('Why it is less than `job`, and what to do, in a sentence. Absent with `job`.'),
})
export type ServedIsolation = z.output<typeof servedIsolationSchema>

export const workerSchema = z.strictObject({
  id: z.string().describe('New at every start of a worker.'),
  host: z.string().describe('The name of its host, or of its container.'),
  version: z.string(),
  alive: z.boolean().describe('Whether it was seen within the last 15 s. If not, the rest is as it was last seen.'),
  ready: z.boolean().describe('Whether it takes jobs.'),
  state: workerStateSchema,
  reason: z.string().optional().describe('Why it is not ready, in a sentence. Absent if it is ready.'),
  drained: z.boolean().describe('Whether an operator told it to take no new jobs. `resume` takes that back.'),
  busy: z.int().nonnegative().describe('Jobs that it runs now.'),
  concurrency: z.int().positive().describe('Jobs that it runs at once.'),
  pool: z.strictObject({
    idle: z.int().nonnegative().describe('Ready sandboxes that wait for a job, of all languages together.'),
    bound: z.int().nonnegative().describe('Ready sandboxes that it keeps at most.'),
  }),
  sandboxes: z.strictObject({
    running: z.int().nonnegative().describe('Lasting sandboxes that it holds, paused ones too.'),
    bound: z.int().nonnegative().describe('How many it can hold with the memory that they use now.'),
  }),
  isolation: servedIsolationSchema.describe('What jobs with isolation `job` get here.'),
  startedAt: z.iso.datetime(),
  lastSeenAt: z.iso.datetime(),
})
export type Worker = z.output<typeof workerSchema>

/** `GET /v1/workers`. */
export const workerListSchema = z.strictObject({
  workers: z.array(workerSchema).describe('Those that are alive first, then by id.'),
  leftOut: z.int().nonnegative().describe(`Workers beyond ${WORKERS_LISTED}, which are not in the list.`),
})
export type WorkerList = z.output<typeof workerListSchema>
