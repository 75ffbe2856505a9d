import { availableParallelism } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import type { Limits, Outcome } from '@runnel/contract/public'
import type { Language } from '@runnel/languages'
import pLimit from 'p-limit'
import { runProgram } from '../agent/exec.ts'
import type { LeaseRequest, RunRequest, Sandbox } from '../sandbox.ts'
import { adjustContainer, type Container } from './container.ts'
import type { Engine } from './engine.ts'
import type { KindRequest } from './kind.ts'
import { explainLoss } from './loss.ts'
import type { Quiet } from './quiet.ts'
import type { Stock } from './stock.ts'

/** Enough to keep all processors busy while some programs wait. */
const STARTING_AT_ONCE = availableParallelism() * 2
/** Most programs have ended by then. One that has not either waits for something or runs too long for others to wait. */
const FIRST_MOMENTS_MS = 20

/**
 * Lets a few programs start at a time. Those that start at the same moment share the processors, and all of them end late.
 * Measured as in quiet.ts: 0.43 s with it, 0.80 s without.
 */
const createStarts = () => {
  const limit = pLimit(STARTING_AT_ONCE)
  /** Resolves when a program may start; call the result when it has ended. */
  return (): Promise<() => void> =>
    new Promise((resolve) => {
      void limit(async () => {
        const ended = Promise.withResolvers<void>()
        resolve(ended.resolve)
        await Promise.race([ended.promise, delay(FIRST_MOMENTS_MS)])
      })
    })
}

/**
 * The engine remembers for a container's whole life that memory ran out. If its agent was lost under a later program, that
 * could not be told from memory that ran out again.
 */
const ranOutOfMemory = (outcome: Outcome): boolean =>
  outcome.type === 'out-of-memory' ||
  ('limitsHit' in outcome && outcome.limitsHit?.some(({ limit }) => limit === 'memoryBytes') === true)

/**
 * Gives a job its sandbox, for one program.
 *
 *   a place among those that start ──▶ container of its kind ──▶ job's limits ──▶ program ──┬─▶ cell: back to its tenant
 *                                                                                         └─▶ container: ended
 */
export const createLease = (options: {
  readonly engine: Engine
  readonly stock: Stock
  readonly quiet: Quiet
  readonly toKind: (language: Language, limits: Limits, isolation: LeaseRequest['isolation']) => KindRequest
  readonly killGraceMs: number
}) => {
  const { engine, stock, quiet, toKind, killGraceMs } = options
  const enterStart = createStarts()

  const obtain = async ({ limits, isolation, tenantId }: LeaseRequest, language: Language, signal: AbortSignal) => {
    const container = await stock.take(toKind(language, limits, isolation), tenantId, signal)
    try {
      await adjustContainer(engine, container, limits)
      return container
    } catch (error) {
      stock.end(container)
      throw error
    }
  }

  const toSandbox = (container: Container, language: Language, leaveStart: () => void): Sandbox => {
    const { connection } = container
    const programEnds = quiet.programStarts()
    let hasEnded = false
    let isSpoiled = false
    let readyAgain: Promise<{ readonly warm: boolean }> | undefined
    return {
      id: container.id.slice(0, 12),
      warm: container.isWarm,
      async *run(request: RunRequest) {
        const { program, limits } = request
        const settings = { argv: language.command(program.entry), coldEnv: language.coldEnv(program), killGraceMs }
        const startedMs = performance.now()
        if (container.request.confinement === 'cell') readyAgain = connection.nextReady()
        try {
          for await (const event of runProgram(connection, request, settings)) {
            if (event.type === 'ended') {
              hasEnded = true
              isSpoiled = ranOutOfMemory(event.outcome)
              leaveStart()
            }
            yield event
          }
        } catch (error) {
          const outcome = await explainLoss(engine, container.id, limits, error, performance.now() - startedMs)
          if (outcome === undefined) throw error
          yield outcome
        }
      },
      async [Symbol.asyncDispose]() {
        programEnds()
        leaveStart()
        // A program that still runs dies now. After one that has ended, its agent has killed what it left.
        if (!hasEnded) connection.close(new Error('The sandbox is no longer needed'))
        if (hasEnded && !isSpoiled && readyAgain !== undefined) stock.giveBack(container, readyAgain)
        else stock.end(container)
      },
    }
  }

  return async (request: LeaseRequest, language: Language, signal: AbortSignal): Promise<Sandbox> => {
    // First a start, then a container: so short programs of one tenant use few cells, again and again.
    const leaveStart = await enterStart()
    try {
      return toSandbox(await obtain(request, language, signal), language, leaveStart)
    } catch (error) {
      leaveStart()
      throw error
    }
  }
}
