import type {
  Command,
  CommandList,
  CommandRequest,
  Sandbox,
  SandboxListQuery,
  SandboxMetrics,
  SandboxPage,
  SandboxRequest,
  SandboxTimes,
  TerminalSize,
} from '@runnel/contract/public'
import type { LogEntry } from '@runnel/output/subscriber'
import type { FollowOptions } from '../jobs/follow-job.ts'
import type { Signal } from '../jobs/send-signal.ts'
import type { Requester } from '../requester.ts'
import { deleteSandbox, pauseSandbox, resumeSandbox, setSandboxTimes } from './change-sandbox.ts'
import { createSandbox, type WaitForStart } from './create-sandbox.ts'
import { readLivingRecord, readRecord, requireOwnSandbox } from './find-sandbox.ts'
import { followCommand, isCommandComplete } from './follow-command.ts'
import { listSandboxes } from './list-sandboxes.ts'
import { type OpenTerminal, openTerminal, type TerminalOptions } from './open-terminal.ts'
import { listCommands, readCommand } from './read-command.ts'
import { type RunOptions, runCommand } from './run-command.ts'
import { createSandboxFiles, type SandboxFiles } from './sandbox-files.ts'
import type { SandboxParts } from './sandbox-parts.ts'
import { createSandboxPreviews, type SandboxPreviews } from './sandbox-previews.ts'
import { createSandboxWatchers, type SandboxWatchers } from './sandbox-watchers.ts'
import { toSandbox } from './to-sandbox.ts'

/** Bytes for a command's standard input, its end, or both in that order. */
export interface CommandInput {
  readonly bytes: Uint8Array
  readonly end: boolean
}

/**
 * What can be done with lasting sandboxes, for every protocol. Each takes the requester and plain data. A sandbox of another tenant is
 * refused as `sandbox-not-found`, before Redis is asked.
 *
 * All that goes into a sandbox may throw `sandbox-queued`, `sandbox-paused`, `sandbox-ended` and `gateway-unreachable`.
 */
export interface SandboxOperations {
  create(requester: Requester, request: SandboxRequest, options: WaitForStart): Promise<Sandbox>
  list(requester: Requester, query: SandboxListQuery): Promise<SandboxPage>
  read(requester: Requester, id: string): Promise<Sandbox>
  /** Throws `sandbox-not-found` or `sandbox-ended`. */
  requireLiving(requester: Requester, id: string): Promise<void>
  setTimes(requester: Requester, id: string, times: SandboxTimes): Promise<Sandbox>
  pause(requester: Requester, id: string): Promise<Sandbox>
  resume(requester: Requester, id: string): Promise<Sandbox>
  delete(requester: Requester, id: string): Promise<Sandbox>
  metrics(requester: Requester, id: string): Promise<SandboxMetrics>

  runCommand(requester: Requester, id: string, request: CommandRequest, options: RunOptions): Promise<Command>
  listCommands(requester: Requester, id: string): Promise<CommandList>
  readCommand(requester: Requester, id: string, commandId: string): Promise<Command>
  followCommand(
    requester: Requester,
    id: string,
    commandId: string,
    options: FollowOptions,
  ): Promise<AsyncIterable<LogEntry>>
  isCommandComplete(
    requester: Requester,
    id: string,
    commandId: string,
    options: { readonly after: string; readonly signal: AbortSignal },
  ): Promise<boolean>
  /** Resolves when the program has taken the bytes. Throws `stdin-closed` and `command-finished`. */
  sendInput(requester: Requester, id: string, commandId: string, input: CommandInput): Promise<void>
  sendSignal(requester: Requester, id: string, commandId: string, signal: Signal): Promise<void>
  sendResize(requester: Requester, id: string, commandId: string, size: TerminalSize): Promise<void>
  /** Ends a command with all that it started. One that has finished stays as it is. */
  endCommand(requester: Requester, id: string, commandId: string): Promise<Command>

  openTerminal(requester: Requester, id: string, options: TerminalOptions): Promise<OpenTerminal>
  readonly files: SandboxFiles
  readonly watchers: SandboxWatchers
  readonly previews: SandboxPreviews
}

export const createSandboxOperations = (parts: SandboxParts): SandboxOperations => {
  const { gateway } = parts
  const own = (requester: Requester, id: string): Promise<void> => requireOwnSandbox(parts, requester, id)
  return {
    create: (requester, request, options) => createSandbox(parts, requester, request, options),
    list: (requester, query) => listSandboxes(parts, requester, query),
    read: async (requester, id) => toSandbox(parts, await readRecord(parts, requester, id)),
    requireLiving: async (requester, id) => void (await readLivingRecord(parts, requester, id)),
    setTimes: (requester, id, times) => setSandboxTimes(parts, requester, id, times),
    pause: (requester, id) => pauseSandbox(parts, requester, id),
    resume: (requester, id) => resumeSandbox(parts, requester, id),
    delete: (requester, id) => deleteSandbox(parts, requester, id),
    async metrics(requester, id) {
      const { limits } = await readLivingRecord(parts, requester, id)
      const { answer } = await gateway.call(id, 'metrics', {})
      return { at: new Date().toISOString(), ...answer, limits }
    },

    runCommand: (requester, id, request, options) => runCommand(parts, requester, id, request, options),
    listCommands: (requester, id) => listCommands(parts, requester, id),
    readCommand: (requester, id, commandId) => readCommand(parts, requester, id, commandId),
    followCommand: (requester, id, commandId, options) => followCommand(parts, requester, id, commandId, options),
    isCommandComplete: (requester, id, commandId, options) =>
      isCommandComplete(parts, requester, id, commandId, options),
    async sendInput(requester, id, commandId, { bytes, end }) {
      await own(requester, id)
      if (bytes.length > 0) await gateway.call(id, 'stdin', { commandId }, { body: bytes })
      if (end) await gateway.call(id, 'stdin-end', { commandId })
    },
    async sendSignal(requester, id, commandId, signal) {
      await own(requester, id)
      await gateway.call(id, 'signal', { commandId, signal })
    },
    async sendResize(requester, id, commandId, size) {
      await own(requester, id)
      await gateway.call(id, 'resize', { commandId, ...size })
    },
    async endCommand(requester, id, commandId) {
      await own(requester, id)
      const { answer } = await gateway.call(id, 'end-command', { commandId })
      return { ...answer, sandboxId: id }
    },

    openTerminal: (requester, id, options) => openTerminal(parts, requester, id, options),
    files: createSandboxFiles(parts),
    watchers: createSandboxWatchers(parts),
    previews: createSandboxPreviews(parts),
  }
}
