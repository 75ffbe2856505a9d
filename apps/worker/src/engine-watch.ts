import type { Logger } from '@runnel/process'
import type { Sandboxes } from '@runnel/sandbox'

/** How often to check while the engine answers. Without it, a worker without jobs would not notice that the engine is down. */
const CHECK_EVERY_MS = 5_000
const CHECK_WHILE_DOWN_MS = 1_000

/**
 * Watches whether sandboxes can be made at all. While they cannot, this worker takes no jobs: they stay in the queue, for
 * any worker, and it checks every second whether it can continue. It logs when it stops taking jobs and when it continues.
 *
 *   up ──▶ a sandbox failed, and the check fails ──▶ down ──▶ a check every second succeeds ──▶ up
 *      └─▶ a check every few seconds fails twice ──▲
 */
export const createEngineWatch = (options: {
  readonly sandboxes: Sandboxes
  readonly log: Logger
  readonly onDown: (fault: Error) => Promise<void>
  readonly onUp: () => void
}) => {
  const { sandboxes, log, onDown, onUp } = options
  let isDown = false
  let isOver = false
  let timer: NodeJS.Timeout | undefined

  const check = async (): Promise<Error | undefined> => {
    try {
      await sandboxes.check()
      return undefined
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    }
  }

  const schedule = (step: () => Promise<void>, afterMs: number) => {
    clearTimeout(timer)
    const run = () => step().catch((err: unknown) => log.error({ err }, 'Cannot watch the engine'))
    if (!isOver) timer = setTimeout(() => void run(), afterMs)
  }

  const checkWhileDown = async () => {
    if ((await check()) !== undefined) return schedule(checkWhileDown, CHECK_WHILE_DOWN_MS)
    isDown = false
    log.info('Sandboxes can be made again: taking jobs')
    onUp()
    schedule(checkWhileUp, CHECK_EVERY_MS)
  }

  const goDown = async (fault: Error) => {
    if (isDown) return
    isDown = true
    // Messages of the engine end with a line feed or a space.
    const reason = fault.message.trim()
    log.warn({ err: fault }, `No sandbox can be made: ${reason}. Jobs stay queued until this is fixed`)
    schedule(checkWhileDown, CHECK_WHILE_DOWN_MS)
    await onDown(fault)
  }

  const checkWhileUp = async () => {
    // No sandbox has failed. A busy engine may be late once, so it is asked twice.
    const fault = (await check()) && (await check())
    if (isDown) return
    if (fault === undefined) schedule(checkWhileUp, CHECK_EVERY_MS)
    else await goDown(fault)
  }

  schedule(checkWhileUp, CHECK_EVERY_MS)
  return {
    /** Checks now. If sandboxes cannot be made, the worker takes no more jobs until they can. */
    async isUp(): Promise<boolean> {
      const fault = await check()
      if (fault !== undefined) await goDown(fault)
      return fault === undefined
    },
    [Symbol.dispose]() {
      isOver = true
      clearTimeout(timer)
    },
  }
}
