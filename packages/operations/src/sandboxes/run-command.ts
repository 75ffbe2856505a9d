import { randomBytes } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { SandboxRun } from '@runnel/contract/internal'
import { type Command, type CommandRequest, type Job, TERMINAL, toChunk } from '@runnel/contract/public'
import type { ActRequest } from '@runnel/gateway/client'
import type { SandboxRecord } from '@runnel/registry'
import { requireRedis } from '../request-errors.ts'
import type { Requester } from '../requester.ts'
import { requireOwnSandbox, sandboxNotFound } from './find-sandbox.ts'
import { chooseSandboxLimit, requireWithinMaxima } from './prepare-sandbox.ts'
import type { SandboxParts } from './sandbox-parts.ts'
import { toStorageFull } from './storage-full.ts'

export interface RunOptions {
  /** How long to wait until it has finished, in milliseconds. 0: only until it has started. */
  readonly waitMs: number
  /** Aborts when the client has gone. The command goes on. */
  readonly signal: AbortSignal
}

type StartRequest = ActRequest<'start-command'>

const toStartRequest = (
  parts: SandboxParts,
  { tenant }: Requester,
  request: CommandRequest,
  waitMs: number,
): Omit<StartRequest, 'commandId'> => {
  const { command, args, cwd, env, tag, background, tty, interactive = tty } = request
  requireWithinMaxima({ commandMs: request.timeoutMs }, tenant)
  const foregroundMs = chooseSandboxLimit(parts, tenant, 'commandMs', request.timeoutMs)
  const timeoutMs = background ? (request.timeoutMs ?? tenant.limits.sandboxLimits.commandMs ?? null) : foregroundMs
  const terminal = { cols: request.cols ?? TERMINAL.cols, rows: request.rows ?? TERMINAL.rows }
  return {
    command,
    ...(args === undefined ? {} : { args }),
    ...(cwd === undefined ? {} : { cwd }),
    env,
    ...(tag === undefined ? {} : { tag }),
    background,
    ...(tty ? { terminal } : {}),
    interactive,
    timeoutMs,
    outputBytes: background ? null : (request.outputBytes ?? parts.policy.outputBytes.default),
    waitMs: background ? 0 : waitMs,
  }
}

/** Runs in the history are of the shell: the line, or the program with its arguments, is what the list shows. */
const RUN_LANGUAGE = 'bash'
const RUN_FILE = 'command'

/** The run as its log and its record have it. It has no limit of processor time of its own: its wall time bounds that. */
const toRun = async (
  parts: SandboxParts,
  { tenant, keyId }: Requester,
  { id: sandboxId, limits }: Pick<SandboxRecord, 'id' | 'limits'>,
  request: CommandRequest,
  start: Omit<StartRequest, 'commandId'>,
): Promise<SandboxRun> => {
  const { command, args = [], terminal, interactive, timeoutMs } = start
  const wallMs = timeoutMs ?? parts.sandboxPolicy.commandMs.maximum
  return {
    id: await parts.jobIds.create(tenant.id),
    tenantId: tenant.id,
    sandboxId,
    submittedAt: new Date().toISOString(),
    program: {
      language: RUN_LANGUAGE,
      files: [{ path: RUN_FILE, content: [command, ...args].join(' '), encoding: 'utf8' }],
      entry: RUN_FILE,
      args: [],
      env: {},
      stdin: request.stdin,
      interactive,
      ...(terminal === undefined ? {} : { terminal }),
    },
    isolation: 'job',
    limits: {
      ...limits,
      wallMs,
      cpuMs: wallMs * limits.processes,
      outputBytes: start.outputBytes ?? parts.policy.outputBytes.maximum,
    },
    keyId,
  }
}

/** What a command has printed, as a job's answer has it: the body has stdout, then stderr. */
const readOutput = async (
  body: Readable,
  { stdoutBytes, truncated }: { readonly stdoutBytes: number; readonly truncated: boolean },
): Promise<NonNullable<Job['output']>> => {
  const parts: Buffer[] = []
  for await (const part of body) parts.push(part)
  const bytes = Buffer.concat(parts)
  const [stdout, stderr] = [bytes.subarray(0, stdoutBytes), bytes.subarray(stdoutBytes)]
  return { stdout: toChunk(stdout), stderr: toChunk(stderr), truncated }
}

const start = async (
  { gateway }: SandboxParts,
  sandboxId: string,
  request: StartRequest,
  { stdin }: CommandRequest,
  signal: AbortSignal,
): Promise<Command> => {
  const { waitMs } = request
  const body = stdin === '' ? undefined : Buffer.from(stdin)
  const called = await gateway.call(sandboxId, 'start-command', request, { body, signal, waitMs })
  const { output, ...command } = called.answer
  if (output === undefined) {
    called.body.destroy()
    return { ...command, sandboxId }
  }
  return { ...command, sandboxId, output: await readOutput(called.body, output) }
}

/**
 * Runs a command in the foreground: a run with a log, a record and an outcome.
 *
 *   1. its log and its record are written, in one step
 *   2. the worker that holds the sandbox starts it, and writes its log from then on
 *   3. if the worker refused it, nothing of it stays; if it may have started it, it stays as the worker left it
 */
const runInForeground = async (
  parts: SandboxParts,
  requester: Requester,
  sandbox: Pick<SandboxRecord, 'id' | 'limits'>,
  request: CommandRequest,
  { waitMs, signal }: RunOptions,
): Promise<Command> => {
  const { logWriter, history, recorder } = parts
  requireRedis(parts)
  const toStart = toStartRequest(parts, requester, request, waitMs)
  const run = await toRun(parts, requester, sandbox, request, toStart)
  const full = await logWriter.acceptRun(run, history.acceptCommands(run))
  if (full !== undefined) throw toStorageFull(full)
  try {
    const command = await start(parts, sandbox.id, { ...toStart, commandId: run.id }, request, signal)
    recorder.accepted()
    return command
  } catch (error) {
    if (!signal.aborted) await logWriter.undoRun(run.id, history.undoCommands(run)).catch(() => {})
    throw error
  }
}

/** Starts a command. Throws what the sandbox is: `sandbox-paused`, `sandbox-ended`, … */
export const runCommand = async (
  parts: SandboxParts,
  requester: Requester,
  sandboxId: string,
  request: CommandRequest,
  options: RunOptions,
): Promise<Command> => {
  await requireOwnSandbox(parts, requester, sandboxId)
  const { tenantId, limits } = await parts.gateway.find(sandboxId)
  // The mark in an id has few bits. The record decides.
  if (tenantId !== requester.tenant.id) throw sandboxNotFound()
  if (!request.background) return runInForeground(parts, requester, { id: sandboxId, limits }, request, options)
  const commandId = `cmd-${randomBytes(8).toString('hex')}`
  return start(
    parts,
    sandboxId,
    { ...toStartRequest(parts, requester, request, 0), commandId },
    request,
    options.signal,
  )
}
