import type { Readable } from 'node:stream'
import { jobEventSchema, readEventId } from '@runnel/contract/public'
import type { LogEntry } from '@runnel/output/subscriber'
import { type FollowOptions, followJob, isComplete } from '../jobs/follow-job.ts'
import type { Requester } from '../requester.ts'
import { requireOwnSandbox } from './find-sandbox.ts'
import { isBackground, requireRun } from './read-command.ts'
import { readLines } from './read-lines.ts'
import type { SandboxParts } from './sandbox-parts.ts'

async function* toEntries(body: Readable): AsyncGenerator<LogEntry> {
  for await (const json of readLines(body)) {
    const { id, type } = jobEventSchema.parse(JSON.parse(json))
    yield { id, position: readEventId(id), type, json }
  }
}

const callForEvents = async (
  { gateway }: SandboxParts,
  sandboxId: string,
  commandId: string,
  { after, signal, follow }: FollowOptions & { readonly follow: boolean },
): Promise<AsyncIterable<LogEntry>> => {
  const request = { commandId, ...(after === undefined ? {} : { after }), follow }
  const { body } = await gateway.call(sandboxId, 'command-events', request, { signal })
  return toEntries(body)
}

/**
 * The events of a command after `after`, until `finished` or until `signal` aborts. Those of a foreground command come from its log,
 * also when the sandbox has ended; those of a background command from the worker's ring.
 */
export const followCommand = async (
  parts: SandboxParts,
  requester: Requester,
  sandboxId: string,
  commandId: string,
  options: FollowOptions,
): Promise<AsyncIterable<LogEntry>> => {
  await requireOwnSandbox(parts, requester, sandboxId)
  if (isBackground(commandId)) return callForEvents(parts, sandboxId, commandId, { ...options, follow: true })
  await requireRun(parts, sandboxId, commandId)
  return followJob(parts, commandId, options)
}

/** Whether the command has finished and has no event after `after`. */
export const isCommandComplete = async (
  parts: SandboxParts,
  requester: Requester,
  sandboxId: string,
  commandId: string,
  options: { readonly after: string; readonly signal: AbortSignal },
): Promise<boolean> => {
  await requireOwnSandbox(parts, requester, sandboxId)
  if (!isBackground(commandId)) {
    await requireRun(parts, sandboxId, commandId)
    return isComplete(parts, commandId, options)
  }
  const { answer } = await parts.gateway.call(sandboxId, 'command', { commandId })
  if (answer.status !== 'finished') return false
  const left = await callForEvents(parts, sandboxId, commandId, { ...options, follow: false })
  for await (const _ of left) return false
  return true
}
