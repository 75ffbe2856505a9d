import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { type Outcome, RequestError, type TerminalSize } from '@runnel/contract/public'
import type { Requester } from '../requester.ts'
import { requireOwnSandbox } from './find-sandbox.ts'
import { commandNotFound, isBackground } from './read-command.ts'
import type { SandboxParts } from './sandbox-parts.ts'

export interface OpenTerminal {
  /** The id of its command. */
  readonly id: string
  readonly pid: number
  /** False: it was there, and the first bytes are what it showed last. */
  readonly isNew: boolean
  /** Bytes both ways. It closes when the program has ended. */
  readonly stream: Duplex
  resize(size: TerminalSize): Promise<void>
  /** How its program ended; undefined while it runs. Throws `sandbox-ended`. */
  outcome(): Promise<Outcome | undefined>
}

export interface TerminalOptions extends TerminalSize {
  /** The terminal to connect to again. Without it a new one is made. */
  readonly commandId?: string | undefined
  readonly signal: AbortSignal
}

/** A shell on a terminal: a background command, which goes on when the connection closes. */
export const openTerminal = async (
  parts: SandboxParts,
  requester: Requester,
  sandboxId: string,
  { cols, rows, commandId, signal }: TerminalOptions,
): Promise<OpenTerminal> => {
  const { gateway } = parts
  await requireOwnSandbox(parts, requester, sandboxId)
  if (commandId !== undefined && !isBackground(commandId)) throw commandNotFound()
  const id = commandId ?? `cmd-${randomBytes(8).toString('hex')}`
  const request = { commandId: id, env: {}, cols, rows, isNew: commandId === undefined }
  const { answer, stream } = await gateway.connect(sandboxId, 'terminal', request, { signal })
  return {
    id,
    ...answer,
    stream,
    async resize(size) {
      await gateway.call(sandboxId, 'resize', { commandId: id, ...size }).catch((error: unknown) => {
        // It has just finished: nobody needs the new size.
        if (!(error instanceof RequestError && error.code === 'command-finished')) throw error
      })
    },
    async outcome() {
      try {
        return (await gateway.call(sandboxId, 'command', { commandId: id })).answer.outcome
      } catch (error) {
        const isLost = error instanceof RequestError && error.code === 'gateway-unreachable'
        throw isLost ? await gateway.explain(sandboxId, error, signal) : error
      }
    },
  }
}
