import type { Outcome, Usage } from '@runnel/contract/public'
import type { ActRequest, HeldCommand } from '@runnel/gateway/server'
import type { HeldProcess } from '@runnel/sandbox'
import type { OutputRing } from './output-ring.ts'
import { toAbsolute } from './sandbox-files.ts'

/** A command of a sandbox, while it runs and for a while after. */
export interface CommandState {
  readonly process: HeldProcess
  /** Of background commands and terminals. */
  readonly ring?: OutputRing | undefined
  /** Settles when all that it printed has been taken. */
  readonly ended: Promise<void>
  readonly describe: () => HeldCommand
  /** Whether it takes input now. */
  isInputOpen: boolean
  readonly hasTerminal: boolean
  readonly outcome: Outcome | undefined
  readonly usage: Usage | null | undefined
}

export type CommandRequest = Omit<ActRequest<'start-command'>, 'waitMs'>

export const toArgv = ({ command, args }: Pick<CommandRequest, 'command' | 'args'>): readonly string[] =>
  args === undefined ? ['/bin/bash', '-lc', command] : [command, ...args]

/** What does not change about a command. */
export const toFacts = (request: CommandRequest, workDir: string, startedAt: Date) => {
  const { commandId, command, args, cwd, tag, background, terminal, timeoutMs } = request
  return {
    id: commandId,
    command,
    ...(args === undefined ? {} : { args }),
    cwd: cwd === undefined ? workDir : toAbsolute(workDir, cwd),
    ...(tag === undefined ? {} : { tag }),
    background,
    tty: terminal !== undefined,
    startedAt: startedAt.toISOString(),
    timeoutMs,
  }
}
