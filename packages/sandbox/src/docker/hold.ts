import { askAgent } from '../agent/ask.ts'
import { createDeadlines } from '../agent/deadlines.ts'
import { dialPort, toWindow } from '../agent/dial.ts'
import { type StartRequest, startHeldProcess } from '../agent/held-process.ts'
import { watchPorts } from '../agent/ports.ts'
import type { HeldEnd, HeldProcess, HeldSandbox, HoldRequest, Task } from '../held-sandbox.ts'
import { SandboxFailure } from '../sandbox.ts'
import type { Container } from './container.ts'
import { withDeadline } from './deadline.ts'
import type { Engine } from './engine.ts'
import type { KindRequest } from './kind.ts'
import { wasOutOfMemory } from './loss.ts'
import { BASE_ENV, HOME } from './policy.ts'
import type { Quiet } from './quiet.ts'
import type { Stock } from './stock.ts'

/** Variables of each command, before those of the sandbox. */
const ENV = { ...BASE_ENV, HOME, USER: 'runner', LOGNAME: 'runner', SHELL: '/bin/bash' }
const TERMINAL_ENV = { TERM: 'xterm-256color' }
/** These take as long as somebody sends or reads. */
const ENDLESS_TASKS: ReadonlySet<Task['name']> = new Set(['read', 'write', 'archive', 'watch'])
/** For the others. Programs may stop a task, because it runs as their user. */
const TASK_WALL_MS = 120_000
/** Of the agent, to a question. */
const ANSWER_TIMEOUT_MS = 5_000

/**
 * Gives out sandboxes that last.
 *
 *   ready one of its kind ──▶ held: commands, tasks, pauses ──┬─▶ disposed of: everything in it dies at once
 *                                                            └─▶ ended by itself: `ended` says why
 */
export const createHold = (options: {
  readonly engine: Engine
  readonly stock: Stock
  readonly quiet: Quiet
  readonly killGraceMs: number
}) => {
  const { engine, stock, quiet, killGraceMs } = options

  const explain = async (container: Container, error: Error): Promise<HeldEnd> => {
    const isOutOfMemory = await wasOutOfMemory(engine, container.id).catch(() => false)
    return { ending: isOutOfMemory ? 'out-of-memory' : 'sandbox-failed', error }
  }

  const toHeld = (container: Container, { limits, env }: HoldRequest): HeldSandbox => {
    const { connection } = container
    const deadlines = createDeadlines()
    const ended = Promise.withResolvers<HeldEnd>()
    let isPaused = false
    let isDisposed = false
    let openDials = 0

    const settings = {
      limits,
      killGraceMs,
      giveUpAfter: (ms: number, message: string) => deadlines.start(ms, () => connection.close(new Error(message))),
    }
    const start = (request: StartRequest): HeldProcess => {
      const ends = quiet.programStarts()
      const held = startHeldProcess(connection, request, settings)
      held.exit.then(ends, ends)
      return held
    }
    const ask = (what: Parameters<typeof askAgent>[1]) =>
      withDeadline(askAgent(connection, what), ANSWER_TIMEOUT_MS, `agent ${what}`)

    void connection.closed.then(async (error) => {
      deadlines.clear()
      if (!isDisposed) ended.resolve(await explain(container, error))
    })

    return {
      id: container.id.slice(0, 12),
      ended: ended.promise,
      start: ({ env: own, ...command }) =>
        start({
          ...command,
          folder: command.cwd ?? HOME,
          env: { ...ENV, ...(command.terminal === undefined ? {} : TERMINAL_ENV), ...env, ...own },
        }),
      task: (task) => start({ task, folder: HOME, wallMs: ENDLESS_TASKS.has(task.name) ? null : TASK_WALL_MS }),
      ports: watchPorts(connection),
      async dial(port) {
        if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new RangeError(`There is no port ${port}`)
        openDials += 1
        try {
          const dialled = await dialPort(connection, port, toWindow(openDials - 1), settings.giveUpAfter)
          return dialled.once('close', () => {
            openDials -= 1
          })
        } catch (error) {
          openDials -= 1
          throw error
        }
      },
      async metrics() {
        if (isPaused) throw new SandboxFailure('The sandbox is paused', { programStarted: true })
        return ask('metrics')
      },
      async pause() {
        if (isPaused) return
        await ask('hold')
        try {
          await engine.pause(container.id)
        } catch (error) {
          await ask('release')
          throw error
        }
        isPaused = true
        deadlines.pause()
      },
      async resume() {
        if (!isPaused) return
        await engine.unpause(container.id)
        isPaused = false
        deadlines.resume()
        await ask('release')
      },
      async [Symbol.asyncDispose]() {
        isDisposed = true
        connection.close(new Error('The sandbox is no longer needed'))
        stock.end(container)
      },
    }
  }

  return async (request: HoldRequest, kind: KindRequest, signal: AbortSignal): Promise<HeldSandbox> => {
    const container = await stock.take(kind, request.tenantId, signal)
    quiet.programStarts()()
    return toHeld(container, request)
  }
}
