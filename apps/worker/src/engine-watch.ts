import type { Logger } from '@runnel/process'
import type { Sandboxes } from '@runnel/sandbox'

/** While it answers; a worker that runs nothing would not notice otherwise. */
const LOOK_EVERY_MS = 5_000
const CHECK_AGAIN_MS = 1_000

/**
 * Whether sandboxes can be made at all. While they cannot, this worker takes no jobs: they stay queued, for it or for
 * others, and it looks every second whether it can go on. It says so once when it stops and once when it goes on.
 *
 *   up ──▶ asked, as a sandbox failed: no ──────────────▶ down ──▶ looks every second: yes ──▶ up
 *      └─▶ looks every few seconds: no, and no again ───▲
 */
export const createEngineWatch = (options: {
  readonly sandboxes: Sandboxes
  readonly log: Logger
  readonly onDown: () => Promise<void>
  readonly onUp: () => void
}) => {
  const { sandboxes, log, onDown, onUp } = options
  let isDown = false
  let isOver = false
  let timer: NodeJS.Timeout | undefined

  const look = async (): Promise<Error | undefined> => {
    try {
      await sandboxes.check()
      return undefined
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    }
  }

  const next = (step: () => Promise<void>, afterMs: number) => {
    clearTimeout(timer)
    const take = () => step().catch((err: unknown) => log.error({ err }, 'Cannot look after the engine'))
    if (!isOver) timer = setTimeout(() => void take(), afterMs)
  }

  const lookAgain = async () => {
    if ((await look()) !== undefined) return next(lookAgain, CHECK_AGAIN_MS)
    isDown = false
    log.info('Sandboxes can be made again: taking jobs')
    onUp()
    next(lookRoutinely, LOOK_EVERY_MS)
  }

  const goDown = async (fault: Error) => {
    if (isDown) return
    isDown = true
    log.warn({ err: fault }, `No sandbox can be made: ${fault.message}. Jobs stay queued until that is mended`)
    next(lookAgain, CHECK_AGAIN_MS)
    await onDown()
  }

  const lookRoutinely = async () => {
    // Nobody asked: a busy engine may be late once.
    const fault = (await look()) && (await look())
    if (isDown) return
    if (fault === undefined) next(lookRoutinely, LOOK_EVERY_MS)
    else await goDown(fault)
  }

  next(lookRoutinely, LOOK_EVERY_MS)
  return {
    /** Looks now. When the answer is no, no more jobs are taken until it is yes. */
    async isUp(): Promise<boolean> {
      const fault = await look()
      if (fault !== undefined) await goDown(fault)
      return fault === undefined
    },
    isDown: () => isDown,
    [Symbol.dispose]() {
      isOver = true
      clearTimeout(timer)
    },
  }
}
