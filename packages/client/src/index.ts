export { createTextOfStream, type TextOfStream, toBytes } from './chunk.ts'
export type * from './contract.ts'
export { RunnelApiError, RunnelConnectionError, RunnelError, RunnelFollowError, RunnelTicketError } from './errors.ts'
export type { ConnectionChange, FollowOptions, Transport } from './follow.ts'
export type { HttpMethod, RequestOptions } from './http.ts'
export type { CallOptions, Input, Jobs, ListOptions, SubmitOptions } from './jobs.ts'
export type { RunnelOptions, TicketNeed } from './options.ts'
export type { RunOptions, RunResult } from './run.ts'
export { Runnel } from './runnel.ts'
export type {
  CommandHandle,
  CommandResult,
  OutputOptions,
} from './sandbox/command-handle.ts'
export type { CommandOptions, Commands } from './sandbox/commands.ts'
export type * from './sandbox/contract.ts'
export type { FileData, Files, SignedUrlOptions } from './sandbox/files.ts'
export type { SandboxConnection } from './sandbox/place.ts'
export type { PortHandle, WaitForPortOptions } from './sandbox/ports.ts'
export {
  type ConnectOptions,
  type CreateOptions,
  type ListSandboxesOptions,
  type Pty,
  Sandbox,
} from './sandbox/sandbox.ts'
export type { Terminal, TerminalOptions } from './sandbox/terminal.ts'
export type { WatchHandle, WatchOptions } from './sandbox/watch-dir.ts'
export type { StoredFile, StoredFilePage, StoredFiles } from './stored-files.ts'
