import { randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Files } from '@runnel/blobs'
import { type Outcome, RequestError, SANDBOX_WORK_DIR, type SandboxEnding, toBytes } from '@runnel/contract/public'
import type { GatewayServer } from '@runnel/gateway/server'
import type { Publisher } from '@runnel/output/publisher'
import type { Logger } from '@runnel/process'
import type { SandboxDelivery, Verdict } from '@runnel/queue/consumer'
import type { History, SandboxRecords } from '@runnel/registry'
import type { HeldSandbox, Sandboxes } from '@runnel/sandbox'
import { sayWhich } from '../files/say-which.ts'
import { createCommandHandlers } from './command-handlers.ts'
import type { HeldSandboxes } from './held-sandboxes.ts'
import type { LeaseRenewal } from './lease-renewal.ts'
import { createRunLog } from './run-log.ts'
import { createSandboxCommands } from './sandbox-commands.ts'
import { createFileHandlers, makeWorkDir, toAbsolute, writeFile } from './sandbox-files.ts'
import { createSandboxLife, type SandboxLife } from './sandbox-life.ts'
import { createPortHandlers } from './sandbox-ports.ts'
import { createTerminalHandlers } from './sandbox-terminal.ts'
import { createWatcherHandlers } from './sandbox-watchers.ts'
import { serveProgram } from './serve-program.ts'

export interface HoldSandboxDeps {
  readonly sandboxes: Pick<Sandboxes, 'hold'>
  readonly holds: HeldSandboxes
  readonly records: SandboxRecords
  readonly renewal: LeaseRenewal
  readonly gateway: GatewayServer
  /** Who holds it, and where the gateway is. */
  readonly worker: string
  readonly gatewayUrl: string
  readonly publisher: Publisher
  readonly history: Pick<History, 'find' | 'endCommands'>
  /** Uploads, for sandboxes that begin with some. */
  readonly storedFiles: Pick<Files, 'open'>
  readonly isEngineUp: () => Promise<boolean>
  readonly log: Logger
}

/** A sandbox that can be asked. */
interface Served {
  /** Cuts its requests and connections. */
  readonly stop: () => void
  /** Resolves when the ends of its commands are noted, if Redis takes them in time. */
  readonly commandsEnded: () => Promise<unknown>
  /** Starts the job of the sandbox, if it has one. */
  readonly startJob: () => void
}

const SECRET_BYTES = 32
/** How long after the connection to a sandbox has broken its ending is known. */
const ENDING_KNOWN_MS = 3_000
const COMMANDS_ENDED_MS = 5_000
/** A worker without room puts a sandbox back, after a pause so that it does not go around in circles. */
const FULL_PAUSE_MS = 250
/** Longer than it takes to notice that there is no room (429 at the door). Then it ends as failed. */
const NO_ROOM_TIMEOUT_MS = 30_000
/** How long an ending is tried to be noted while Redis is away. After that its record expires. */
const NOTE_END_TRIES = 120
const NOTE_END_PAUSE_MS = 1_000

/**
 * Begins a lasting sandbox; then the delivery is over and the lease says who holds it.
 *
 *   hold a place ──▶ write its files ──▶ lease ──▶ record: running ──▶ serve it ──▶ over ──▶ record: ended ──▶ take it down
 *        └─▶ no room, or stopping: requeue          └─▶ deleted meanwhile: take it down
 */
export const createHoldSandbox = (deps: HoldSandboxDeps) => {
  const {
    sandboxes,
    holds,
    records,
    renewal,
    gateway,
    worker,
    gatewayUrl,
    publisher,
    history,
    storedFiles,
    isEngineUp,
    log,
  } = deps

  const runLogParts = { publisher, history, log }

  /** A sandbox that cannot begin ends, and so does the job that it was made for. `message`: what users read. */
  const fail = async (
    { id, serve }: SandboxDelivery['sandbox'],
    message: string | undefined,
    words: string,
    err?: unknown,
  ): Promise<void> => {
    const reference = randomUUID()
    log.error({ sandboxId: id, reference, err }, words)
    await records.end(id, 'sandbox-failed', message)
    if (serve === undefined) return
    const runLog = createRunLog(runLogParts, { id: serve.jobId, terminal: serve.terminal, collects: false })
    await runLog.end({ type: 'sandbox-failed', reference, ...(message === undefined ? {} : { message }) }, null)
  }

  const dispose = async (id: string, held: HeldSandbox): Promise<void> => {
    try {
      await held[Symbol.asyncDispose]()
    } catch (err) {
      log.warn({ sandboxId: id, err }, 'Cannot take a sandbox down')
    }
  }

  const noteEnd = async (id: string, ending: SandboxEnding): Promise<void> => {
    for (let tries = 1; ; tries += 1) {
      try {
        await records.end(id, ending)
        await renewal.release(id)
        return
      } catch (err) {
        if (tries === NOTE_END_TRIES || holds.isStopped) {
          log.warn({ sandboxId: id, ending, err }, 'Cannot note how a sandbox ended')
          return
        }
        await delay(NOTE_END_PAUSE_MS)
      }
    }
  }

  const serve = ({ sandbox }: SandboxDelivery, held: HeldSandbox, life: SandboxLife, secret: string): Served => {
    const { id, workDir } = sandbox
    const toFailedOutcome = async (err: unknown): Promise<Outcome> => {
      // If the kernel ended it, that is known a moment later.
      const ending = await Promise.race([life.over, delay(ENDING_KNOWN_MS, undefined, { ref: false })])
      if (ending !== undefined && ending !== 'sandbox-failed') return { type: 'sandbox-ended', ending }
      const reference = randomUUID()
      log.error({ sandboxId: id, reference, err }, 'A command of a sandbox failed')
      return { type: 'sandbox-failed', reference }
    }
    const commands = createSandboxCommands({ held, workDir, toFailedOutcome })
    const { use, touch } = life.timers
    const { dial, ...portHandlers } = createPortHandlers(held, life)
    const serving = gateway.serve({
      id,
      secret,
      begin: life.begin,
      handlers: {
        ...life.handlers,
        ...createCommandHandlers({ commands, use, ...runLogParts }),
        ...createFileHandlers(held, workDir),
        ...createWatcherHandlers(held, workDir),
        ...portHandlers,
      },
      connections: { ...createTerminalHandlers({ commands, touch }), dial },
    })
    const startJob = (): void => {
      if (sandbox.serve === undefined) return
      const { jobId, terminal, outputBytes } = sandbox.serve
      const runLog = createRunLog(runLogParts, { id: jobId, terminal, collects: false, keptBytes: outputBytes })
      serveProgram({ id, serve: sandbox.serve }, { held, commands, life, runLog }).catch((err: unknown) =>
        log.warn({ sandboxId: id, jobId, err }, 'A program that serves could not be started'),
      )
    }
    return {
      startJob,
      stop: () => serving[Symbol.dispose](),
      commandsEnded: () => Promise.race([commands.allEnded(), delay(COMMANDS_ENDED_MS, undefined, { ref: false })]),
    }
  }

  const live = async (delivery: SandboxDelivery, held: HeldSandbox, life: SandboxLife, served: Served) => {
    const { id, tenantId: tenant } = delivery.sandbox
    const startedMs = performance.now()
    const ending = await life.over
    // First for everybody else: who waits for an answer learns from the record why there is none.
    const noted = noteEnd(id, ending)
    await Promise.race([noted, delay(NOTE_END_PAUSE_MS)])
    served.stop()
    await dispose(id, held)
    await served.commandsEnded()
    const livedMs = Math.round(performance.now() - startedMs)
    log.info({ sandboxId: id, tenant, ending, livedMs }, 'sandbox ended')
    await noted
  }

  const begin = async (delivery: SandboxDelivery, held: HeldSandbox): Promise<'running' | 'ended'> => {
    const { sandbox } = delivery
    const { id, files, workDir, timeoutMs, idleTimeoutMs, autoResume } = sandbox
    if (workDir !== SANDBOX_WORK_DIR) await sayWhich(`its workDir "${workDir}"`, () => makeWorkDir(held, workDir))
    const write = (path: string, bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) =>
      writeFile(held, { name: 'write', path: toAbsolute(workDir, path) }, bytes)
    for (const { path, content, encoding } of files) {
      await sayWhich(`its file "${path}"`, () => write(path, [toBytes({ encoding, data: content })]))
    }
    for (const { path, fileId } of sandbox.storedFiles ?? []) {
      await sayWhich(`its file "${path}" from the upload ${fileId}`, async () => {
        const bytes = await storedFiles.open(sandbox.tenantId, fileId)
        try {
          await write(path, bytes)
        } finally {
          bytes.destroy()
        }
      })
    }
    const secret = randomBytes(SECRET_BYTES).toString('hex')
    const life = createSandboxLife({ id, held, times: { timeoutMs, idleTimeoutMs }, autoResume, records })
    const holder = {
      id,
      lease: { worker, gateway: gatewayUrl, secret },
      lifeMs: () => life.timers.lifeMs,
      onEnded: () => life.end('lost'),
    }
    // Before its status is `running`.
    const served = serve(delivery, held, life, secret)
    try {
      await renewal.take(holder)
      const endsAt = new Date(Date.now() + timeoutMs)
      if ((await records.start(id, { startedAt: new Date(), endsAt })) === 'started') {
        renewal.keep(holder)
        void holds.add(life, live(delivery, held, life, served))
        served.startJob()
        return 'running'
      }
    } catch (error) {
      life.end('sandbox-failed')
      served.stop()
      throw error
    }
    life.end('deleted')
    served.stop()
    await Promise.all([renewal.release(id), dispose(id, held)])
    return 'ended'
  }

  return async (delivery: SandboxDelivery): Promise<Verdict> => {
    const { sandbox, signal, lastTry } = delivery
    const { id, tenantId, template, limits, env, submittedAt } = sandbox
    if (!holds.hasRoom) {
      await delay(FULL_PAUSE_MS, undefined, { signal }).catch(() => {})
      if (Date.now() - Date.parse(submittedAt) < NO_ROOM_TIMEOUT_MS || signal.aborted) return 'requeue'
      await fail(
        sandbox,
        'the workers had no room for it within 30 s',
        'A sandbox found no room on this worker for 30 s',
      )
      return 'done'
    }
    const reserved = holds.reserve()
    const startedMs = performance.now()
    let held: HeldSandbox | undefined
    try {
      held = await sandboxes.hold({ sandboxId: id, tenantId, template, limits, env }, signal)
      const now = await begin(delivery, held)
      const tookMs = Math.round(performance.now() - startedMs)
      log.info({ sandboxId: id, tenant: tenantId, template, now, tookMs }, 'sandbox began')
      return 'done'
    } catch (error) {
      if (held !== undefined) await dispose(id, held)
      if (signal.aborted) return 'requeue'
      // A file that cannot be written is the caller's mistake: another try would not help.
      const canRetry = !(error instanceof RequestError) || error.code === 'file-store-unavailable'
      if (canRetry && !(await isEngineUp())) return 'requeue'
      if (canRetry && !lastTry) throw error
      const message = error instanceof RequestError ? error.message : undefined
      await fail(sandbox, message, 'A sandbox could not begin', error)
      return 'done'
    } finally {
      reserved()
    }
  }
}
