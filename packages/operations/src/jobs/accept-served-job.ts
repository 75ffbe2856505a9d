import type { Tenant } from '@runnel/contract/public'
import { countJobBytes } from '@runnel/output/log-writer'
import { acceptSandbox } from '../sandboxes/accept-sandbox.ts'
import type { SandboxParts } from '../sandboxes/sandbox-parts.ts'
import type { AcceptOptions } from './accept-job.ts'
import type { ServedJob } from './create-served-job.ts'

/**
 * Puts the sandbox of a job that serves into the queue, and writes the job's log, record and program in the same step. Returns the id
 * of the job: that of the first one if the idempotency key was used before.
 */
export const acceptServedJob = async (
  parts: SandboxParts,
  tenant: Tenant,
  { run, sandbox }: ServedJob,
  { idempotency }: AcceptOptions,
): Promise<{ readonly id: string }> => {
  const { producer, logWriter, history, programs, recorder } = parts
  // Before the tenant's bound: the first job may be the one that fills it.
  const first = idempotency && (await producer.findSubmission(tenant.id, idempotency))
  if (first !== undefined) return { id: first }
  const commands = [...logWriter.startCommands(run), ...history.acceptCommands(run), ...programs.acceptCommands(run)]
  const id = await acceptSandbox(parts, tenant, sandbox, {
    commands,
    bytes: countJobBytes(run),
    ...(idempotency === undefined ? {} : { idempotency: { ...idempotency, id: run.id } }),
    takeBack: async () => {
      await logWriter.undoRun(run.id, history.undoCommands(run))
      if (idempotency !== undefined) await producer.forgetSubmission(tenant.id, idempotency.key)
    },
  })
  if (id !== sandbox.id) return { id }
  recorder.accepted()
  return { id: run.id }
}
