import { z } from 'zod'
import { encodeFrame, encodeJsonFrame } from './frames.ts'

/**
 * The conversation between a worker and the agent, process 1 of every sandbox.
 *
 *     worker                                   agent
 *     INIT {confinement, env, warm, …} ───▶       who and where it is
 *        ◀────────────────────────── READY        interpreter warm, nothing run yet
 *     PUT {files}, DATA… ─────────────────▶       written as the job's user
 *     EXEC {argv, env, limits, terminal} ─▶       the program's clocks start
 *        ◀─────────────────────────── DONE        the files are written, the program has started
 *        ◀──────────────── STDOUT, STDERR …       raw bytes, never more than the credit
 *     CREDIT, STDIN, SIGNAL, RESIZE ──────▶
 *        ◀────────────────────────── GRANT        that many bytes of STDIN were taken
 *        ◀─────────────────────────── EXIT        its main process is dead, and no process is left that could print
 *        ◀────────────────────────── READY        in a cell: all of it is gone, the place of the next program is prepared
 *
 * 1. PUT to STDIN go out in one write. The agent handles each after the one before.
 * 2. What is printed first comes first. What a program prints on one stream within two milliseconds of its first output comes
 *    as one piece, usually together with its EXIT, unless it prints on the other stream in between.
 * 3. Processes that are alive after EXIT are killed at once.
 * 4. With a terminal everything that is printed is STDOUT. Its size is {cols, rows}, in EXEC and in RESIZE.
 *
 * In a sandbox that lasts (INIT.use is `sandbox`) there is one READY, and then any number of streams at the same time:
 *
 *     EXEC {argv or task, folder, …} ─────▶       a command, or work on files as the program's user
 *        ◀─────────────────────────── DONE        {pid}: the process exists
 *        ◀──────────────── STDOUT, STDERR …
 *     CREDIT, STDIN, SIGNAL, RESIZE ──────▶
 *        ◀─────────────────── GRANT … EXIT        its main process is dead; what it left running lives on
 *        ◀────────────────────────── ERROR        in place of DONE: it was not started, and the sandbox lives on
 *     ASK {what} ─────────────────────────▶
 *        ◀───────────────────────── ANSWER        numbers of the whole sandbox
 *     PORTS {known} ──────────────────────▶
 *        ◀────────────────────── LISTENING        as soon as its programs listen on others than the known ones
 *     DIAL {port} ────────────────────────▶       a connection to a port
 *        ◀─────────────────────────── DONE        it is there; ERROR in place of it says why not
 *     STDIN, CREDIT, HANG_UP ─────────────▶       STDIN without bytes: no more will come
 *        ◀────────── STDOUT, GRANT … CLOSED       END after the last STDOUT; CLOSED when both sides have ended
 *
 * What the agent sends is untrusted: once a program has run, a hole in the kernel could let the program speak in its place.
 * A frame that is malformed, too large or out of turn ends the sandbox, never the worker. The number of frames is bounded:
 * each piece of output has at least one byte and takes from the credit, each grant takes from what was sent, and the others
 * come once.
 *
 * packages/agent/src is the other end: change both or neither.
 */
/** Raised whenever a frame or a field changes. A number is never used again: images and workers may be of different days. */
const PROTOCOL = 9

export const REQUEST = {
  exec: 1,
  stdin: 2,
  signal: 3,
  put: 4,
  data: 5,
  credit: 6,
  init: 7,
  resize: 8,
  ask: 9,
  dial: 10,
  hangUp: 11,
  ports: 12,
} as const
export const RESPONSE = {
  ready: 64,
  stdout: 65,
  stderr: 66,
  exit: 67,
  done: 68,
  error: 69,
  grant: 70,
  answer: 71,
  end: 72,
  closed: 73,
  listening: 74,
} as const

/**
 * How programs are kept in. Each user is one that nobody else on the host has.
 *
 * `cell`: many programs, one after another, each in fresh kernel namespaces. `agentUid` is the agent's own: it is root only
 * until it has read this. `setupUid` is that of process 1 of the namespaces, `programUid` the programs', `terminalGid` the group
 * of their terminals.
 * `container`: one program, as that user of the container. `local`: no isolation.
 */
export type Confinement =
  | {
      readonly kind: 'cell'
      readonly agentUid: number
      readonly setupUid: number
      readonly programUid: number
      readonly terminalGid: number
    }
  | { readonly kind: 'container'; readonly uid: number }
  | { readonly kind: 'local' }

/** The first thing an agent gets: who it is and what to have ready. */
export interface Init {
  /** `programs`: one after another. `sandbox`: one place that lasts, for many at the same time. */
  readonly use: 'programs' | 'sandbox'
  readonly confinement: Confinement
  /** Size of the workspace that a cell has ready. A program that needs another one gets it, and waits for it. */
  readonly diskBytes: number
  /** Only of a sandbox that lasts: how many processes its programs may have together. */
  readonly processes: number
  readonly workspace: string
  readonly env: Readonly<Record<string, string>>
  readonly cpus: number
  /** The interpreter to start before its program comes: the same command that a job has; null for none. */
  readonly warm: { readonly argv: readonly string[]; readonly env: Readonly<Record<string, string>> } | null
}

export const encodeInit = (init: Init): Buffer => encodeJsonFrame(REQUEST.init, 0, init)

export const encodeCredit = (stream: number, bytes: number): Buffer => {
  const payload = Buffer.allocUnsafe(4)
  payload.writeUInt32BE(bytes)
  return encodeFrame(REQUEST.credit, stream, payload)
}

export const readySchema = z.strictObject({
  protocol: z.literal(PROTOCOL),
  cgroup: z.enum(['v1', 'v2']).nullable(),
  warm: z.boolean(),
})
export type Ready = z.infer<typeof readySchema>

/** No program runs for a day, on any number of processors, or uses a pebibyte: beyond that the number is no measurement. */
const durationMs = z.number().nonnegative().max(86_400_000)
const PEBIBYTE = 2 ** 50
const MOST_PORTS = 256

/** How a program ended, as the agent saw it. */
export const exitReportSchema = z
  .strictObject({
    code: z.int().min(0).max(255).nullable(),
    signal: z.int().min(1).max(64).nullable(),
    wallMs: durationMs,
    cpuMs: durationMs.nullable(),
    peakMemoryBytes: z.int().nonnegative().max(PEBIBYTE).nullable(),
    /** null if nothing counts it (the local sandbox). */
    oomKilled: z.boolean().nullable(),
    limit: z.enum(['wall', 'cpu', 'output']).nullable(),
    hits: z.array(z.enum(['memoryBytes', 'processes', 'diskBytes'])),
  })
  .refine(({ code, signal }) => code !== null || signal !== null, 'It says neither a code nor a signal')
export type ExitReport = z.infer<typeof exitReportSchema>

/** Of a sandbox that lasts, when it has started a command. */
export const startedSchema = z.strictObject({
  pid: z
    .int()
    .positive()
    .max(2 ** 22),
})

/** The whole sandbox at a moment; null where the kernel does not say it. */
export const metricsSchema = z.strictObject({
  memoryBytes: z.int().nonnegative().max(PEBIBYTE).nullable(),
  cpuMs: z.number().nonnegative().max(Number.MAX_SAFE_INTEGER).nullable(),
  diskBytes: z.int().nonnegative().max(PEBIBYTE).nullable(),
  processes: z.int().nonnegative().max(PEBIBYTE).nullable(),
})
export type Metrics = z.infer<typeof metricsSchema>

/** Of a sandbox that lasts: the TCP ports that its programs listen on. */
export const listeningSchema = z.strictObject({
  ports: z
    .array(z.int().min(1).max(65_535))
    .max(MOST_PORTS)
    .refine(
      (ports) => ports.every((port, at) => at === 0 || port > (ports[at - 1] ?? 0)),
      'The ports are not in order',
    ),
})

/** How a connection to a port ended: `isReset` if the program broke it off. */
export const closedSchema = z.strictObject({ isReset: z.boolean() })

export const agentErrorSchema = z.strictObject({
  message: z.string().max(4096),
  /** Only of a connection to a port. */
  code: z.enum(['nothing-listens', 'no-answer', 'too-many-connections', 'failed']).optional(),
})
export type DialCode = NonNullable<z.infer<typeof agentErrorSchema>['code']>
