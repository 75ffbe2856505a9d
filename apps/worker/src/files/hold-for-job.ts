import type { Files } from '@runnel/blobs'
import type { Control, QueuedJob } from '@runnel/contract/internal'
import { type Outcome, toBytes, type Usage } from '@runnel/contract/public'
import { findLanguage } from '@runnel/languages'
import {
  type HeldProcess,
  type HeldSandbox,
  type RunEvent,
  type RunRequest,
  type Sandboxes,
  SandboxFailure,
} from '@runnel/sandbox'
import { type Kept, keepArtifacts } from './keep-artifacts.ts'
import { placeFiles } from './place-files.ts'
import { WORKSPACE } from './workspace.ts'

export interface JobFiles {
  readonly sandboxes: Pick<Sandboxes, 'hold'>
  readonly files: Pick<Files, 'open' | 'add'>
  /** The largest file that a job may keep. */
  readonly maxFileBytes: number
}

/** Of a job with files: what it kept comes with its end. */
type FilesEvent = Exclude<RunEvent, { type: 'ended' }> | (Extract<RunEvent, { type: 'ended' }> & { kept?: Kept })

/** What a job runs in: a leased sandbox, or this one. */
export interface JobSandbox extends AsyncDisposable {
  readonly id: string
  readonly warm: boolean
  run(request: RunRequest): AsyncIterable<FilesEvent>
}

/** Whether a job takes or gives files that are outside of it. */
export const needsFiles = ({ storedFiles, artifacts }: QueuedJob): boolean =>
  storedFiles !== undefined || artifacts !== undefined

/** How long we wait to learn why a sandbox is gone. */
const REASON_MS = 2_000

/** Passes input, signals and sizes on until the program has ended. */
const passOn = async (command: HeldProcess, { program, controls }: RunRequest, over: AbortSignal): Promise<void> => {
  await command.write(Buffer.from(program.stdin))
  if (!program.interactive) command.end()
  const incoming = controls[Symbol.asyncIterator]()
  over.addEventListener('abort', () => void incoming.return?.(), { once: true })
  const handle = (control: Control): void => {
    if (control.type === 'stdin') void command.write(toBytes(control))
    if (control.type === 'stdin-end') command.end()
    if (control.type === 'signal') command.signal(control.signal)
    if (control.type === 'resize' && program.terminal !== undefined) command.resize(control)
  }
  for (let next = await incoming.next(); !next.done && !over.aborted; next = await incoming.next()) handle(next.value)
}

/** The end of a program whose sandbox ended with it, if that was its own doing: it used up all memory. */
const explainEnd = async (
  sandbox: HeldSandbox,
  { limits }: QueuedJob,
  wallMs: number,
): Promise<{ readonly outcome: Outcome; readonly usage: Usage } | undefined> => {
  const late = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => late.resolve(undefined), REASON_MS)
  const end = await Promise.race([sandbox.ended, late.promise]).finally(() => clearTimeout(timer))
  if (end?.ending !== 'out-of-memory') return undefined
  const outcome = { type: 'out-of-memory', limitBytes: limits.memoryBytes } as const
  return { outcome, usage: { wallMs, cpuMs: null, peakMemoryBytes: null } }
}

/**
 * A sandbox for a job that takes uploaded files, or keeps files that it makes. Both are streams that may be as large as its disk, so
 * the job runs in a sandbox that lasts, alone, which takes and gives files while it lives:
 *
 *   hold ─▶ write its files ─▶ run the program ─▶ keep what matches ─▶ ended, with what was kept ─▶ disposed of
 *
 * No interpreter waits in it, so its first output comes later than that of other jobs.
 */
export const holdForJob = async (
  { sandboxes, files, maxFileBytes }: JobFiles,
  job: QueuedJob,
  signal: AbortSignal,
): Promise<JobSandbox> => {
  const { tenantId, program, limits, artifacts } = job
  const language = findLanguage(program.language)
  if (language === undefined) throw new SandboxFailure('The language is not known', { programStarted: false })
  const { memoryBytes, diskBytes, processes } = limits
  const request = { sandboxId: job.id, tenantId, template: language.id, limits: { memoryBytes, diskBytes, processes } }
  const sandbox = await sandboxes.hold({ ...request, env: {} }, signal)

  const keep = async (): Promise<Kept | undefined> => {
    if (artifacts === undefined) return undefined
    return keepArtifacts(sandbox, { tenantId, ...artifacts, maxFileBytes, files })
  }

  return {
    id: sandbox.id,
    warm: false,
    async *run(run) {
      await placeFiles(sandbox, job, files)
      if (run.signal.aborted) {
        yield { type: 'ended', outcome: { type: 'canceled' }, usage: { wallMs: 0, cpuMs: 0, peakMemoryBytes: null } }
        return
      }
      const over = new AbortController()
      const startedMs = performance.now()
      const command = sandbox.start({
        argv: [...language.command(program.entry), ...program.args],
        cwd: WORKSPACE,
        env: { HOME: WORKSPACE, ...program.env, ...language.coldEnv(program) },
        terminal: program.terminal,
        wallMs: limits.wallMs,
        cpuMs: limits.cpuMs,
        outputBytes: limits.outputBytes,
      })
      run.signal.addEventListener('abort', () => command.stop(), { once: true, signal: over.signal })
      passOn(command, run, over.signal).catch(() => {})
      try {
        for await (const { stream, bytes } of command.output) yield { type: 'output', stream, bytes }
        const end = await command.exit
        const kept = await keep()
        yield { type: 'ended', ...end, ...(kept === undefined ? {} : { kept }) }
      } catch (error) {
        const end = await explainEnd(sandbox, job, performance.now() - startedMs)
        if (end === undefined) throw error
        yield { type: 'ended', ...end }
      } finally {
        over.abort()
      }
    },
    [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose](),
  }
}
