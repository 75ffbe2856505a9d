import { Readable } from 'node:stream'
import type { QueuedSandbox } from '@runnel/contract/internal'
import type { HeldSandbox } from '@runnel/sandbox'
import type { RunLog } from './run-log.ts'
import type { SandboxCommands } from './sandbox-commands.ts'
import type { SandboxLife } from './sandbox-life.ts'

/** A program can open and close ports as often as it likes. No page shows more than this. */
const MAX_PORT_EVENTS = 1_000

/** Writes what the program listens on to its log, until `signal` aborts. */
const notePorts = async (
  sandboxId: string,
  { ports }: Pick<HeldSandbox, 'ports'>,
  runLog: Pick<RunLog, 'port'>,
  signal: AbortSignal,
): Promise<void> => {
  let events = 0
  for await (const { opened, closed } of ports.changes(signal)) {
    const changes = [...closed.map((port) => ({ port, open: false })), ...opened.map((port) => ({ port, open: true }))]
    for (const change of changes) {
      events += 1
      if (events > MAX_PORT_EVENTS) return
      await runLog.port({ sandboxId, ...change })
    }
  }
}

/**
 * Runs the job of a sandbox as a foreground command. It does not keep the sandbox from being idle: only what is asked of it does.
 *
 *   the program ends       its outcome is in its log ──▶ the sandbox ends: `finished`
 *   the sandbox ends       the program's outcome is `sandbox-ended`
 *   its log has ended      it was canceled while it waited: the sandbox ends
 */
export const serveProgram = async (
  { id, serve }: Pick<QueuedSandbox, 'id'> & { readonly serve: NonNullable<QueuedSandbox['serve']> },
  parts: {
    readonly held: Pick<HeldSandbox, 'ports'>
    readonly commands: SandboxCommands
    readonly life: Pick<SandboxLife, 'end'>
    readonly runLog: RunLog
  },
): Promise<void> => {
  const { held, commands, life, runLog } = parts
  const { jobId: commandId, argv, stdin, env, interactive, terminal } = serve
  const [command = '', ...args] = argv
  const over = new AbortController()
  try {
    if ((await runLog.started) !== 'started') return
    const request = {
      commandId,
      command,
      args,
      env,
      background: false,
      interactive,
      timeoutMs: null,
      outputBytes: null,
    }
    const input = stdin === '' ? undefined : Readable.from([Buffer.from(stdin)])
    const started = await commands.start({ ...request, ...(terminal && { terminal }) }, input, runLog)
    notePorts(id, held, runLog, over.signal).catch(() => {})
    await started.ended
  } finally {
    over.abort()
    life.end('finished')
  }
}
