import type { QueuedJob, QueuedSandbox, SandboxRun } from '@runnel/contract/internal'
import { SERVE, type Submission } from '@runnel/contract/public'
import { findLanguage } from '@runnel/languages'
import { toServeCommand } from '@runnel/languages/detection'
import type { Requester } from '../requester.ts'
import type { SandboxParts } from '../sandboxes/sandbox-parts.ts'
import { findProgramServer } from './find-program-server.ts'
import { chooseServeTimes } from './serve-times.ts'

/** A job that serves: a run, and the sandbox of its own that waits in the queue to run it. */
export interface ServedJob {
  readonly run: SandboxRun
  readonly sandbox: QueuedSandbox
}

/** As of a plain job, so that paths in traces are the same. */
const WORK_DIR = '/workspace'

const choosePort = ({ PORT = '' }: Readonly<Record<string, string>>): number => {
  const port = /^\d{1,5}$/.test(PORT) ? Number(PORT) : 0
  return port >= 1 && port <= 65_535 ? port : SERVE.port
}

/** `created`: the job, with the limits of one that serves. */
export const createServedJob = async (
  parts: SandboxParts,
  { tenant, keyId }: Requester,
  submission: Submission,
  created: QueuedJob,
): Promise<ServedJob> => {
  const { serves: _, ...job } = created
  const { storedFiles, limits } = job
  const { memoryBytes, diskBytes, processes } = limits
  const { program } = job
  const id = await parts.sandboxIds.create(tenant.id)
  const language = findLanguage(program.language)
  if (language === undefined) throw new Error(`There is no language ${program.language}`)
  const port = choosePort(program.env)
  const argv = toServeCommand(findProgramServer(program), {
    entry: program.entry,
    port,
    command: language.command(program.entry),
  })
  return {
    run: {
      ...job,
      sandboxId: id,
      serve: true,
      ...(submission.public ? { public: true } : {}),
    },
    sandbox: {
      kind: 'sandbox',
      id,
      tenantId: tenant.id,
      submittedAt: job.submittedAt,
      template: program.language,
      limits: { memoryBytes, diskBytes, processes },
      env: { PORT: String(SERVE.port), ...program.env },
      workDir: WORK_DIR,
      metadata: {},
      files: program.files,
      ...(storedFiles === undefined ? {} : { storedFiles }),
      ...chooseServeTimes(parts, tenant, submission),
      // A request to a preview wakes it up.
      autoResume: true,
      jobId: job.id,
      public: submission.public,
      serve: {
        jobId: job.id,
        argv: [...argv, ...program.args],
        env: language.coldEnv(program),
        stdin: program.stdin,
        interactive: program.interactive,
        ...(program.terminal === undefined ? {} : { terminal: program.terminal }),
        outputBytes: limits.outputBytes,
      },
      keyId,
    },
  }
}
