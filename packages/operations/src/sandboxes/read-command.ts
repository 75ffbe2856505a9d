import {
  backgroundIdSchema,
  type Command,
  type CommandList,
  JOB_OUTPUT_BYTES,
  jobIdSchema,
  RequestError,
} from '@runnel/contract/public'
import type { JobSummary } from '@runnel/output/subscriber'
import { toFinishedJob } from '../jobs/read-job.ts'
import type { Requester } from '../requester.ts'
import { requireOwnSandbox } from './find-sandbox.ts'
import type { SandboxParts } from './sandbox-parts.ts'

export const commandNotFound = (): RequestError =>
  new RequestError('command-not-found', 'The sandbox has no command with this id')

export const isBackground = (commandId: string): boolean => backgroundIdSchema.safeParse(commandId).success

/**
 * The log of a foreground command. A job of the same tenant, or a command of another of its sandboxes, is refused as unknown: an access
 * token opens one sandbox.
 */
export const requireRun = async (parts: SandboxParts, sandboxId: string, runId: string): Promise<JobSummary> => {
  const summary = jobIdSchema.safeParse(runId).success ? await parts.subscriber.summary(runId) : undefined
  if (summary?.sandboxId !== sandboxId) throw commandNotFound()
  return summary
}

/** Those that the worker of the sandbox knows: all that run, and the last ones that have finished. */
export const listCommands = async (
  parts: SandboxParts,
  requester: Requester,
  sandboxId: string,
): Promise<CommandList> => {
  await requireOwnSandbox(parts, requester, sandboxId)
  const { answer } = await parts.gateway.call(sandboxId, 'commands', {})
  return { commands: answer.commands.map((command) => ({ ...command, sandboxId })) }
}

/** A command as it is now; a foreground one that has finished with its output. */
export const readCommand = async (
  parts: SandboxParts,
  requester: Requester,
  sandboxId: string,
  commandId: string,
): Promise<Command> => {
  await requireOwnSandbox(parts, requester, sandboxId)
  const summary = isBackground(commandId) ? undefined : await requireRun(parts, sandboxId, commandId)
  const { answer } = await parts.gateway.call(sandboxId, 'command', { commandId })
  const command = { ...answer, sandboxId }
  if (summary?.status !== 'finished') return command
  const { attempt } = summary
  const printed = await parts.subscriber.output(commandId, { attempt, maxBytes: JOB_OUTPUT_BYTES })
  return { ...command, output: toFinishedJob(commandId, summary, printed).output }
}
