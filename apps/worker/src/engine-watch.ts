import type { Logger } from '@runnel/process'
import type { Sandboxes } from '@runnel/sandbox'

const CHECK_AGAIN_MS = 1_000

/**
 * Whether sandboxes can be made at all. While they cannot, this worker takes no jobs: they stay queued, for it or for
 * others, and it looks every second whether it can go on. It says so once when it stops and once when it goes on.
 */
export const createEngineWatch = (options: {
  readonly sandboxes: Sandboxes
  readonly log: Logger
  readonly onDown: () => Promise<void>
  readonly onUp: () => void
}) => {
  const { sandboxes, log, onDown, onUp } = options
  let isDown = false
  let timer: NodeJS.Timeout | undefined

  const look = async (): Promise<Error | undefined> => {
    try {
      await sandboxes.check()
      return undefined
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    }
  }

  const lookAgain = async () => {
    if ((await look()) !== undefined) {
      timer = setTimeout(() => void lookAgain(), CHECK_AGAIN_MS)
      return
    }
    isDown = false
    log.info('Docker can be reached again: taking jobs')
    onUp()
  }

  return {
    /** Looks now. When the answer is no, no more jobs are taken until it is yes. */
    async isUp(): Promise<boolean> {
      const fault = await look()
      if (fault === undefined) return true
      if (!isDown) {
        isDown = true
        log.warn({ err: fault }, `No sandbox can be made: ${fault.message}. Jobs stay queued until that is mended`)
        timer = setTimeout(() => void lookAgain(), CHECK_AGAIN_MS)
        await onDown()
      }
      return false
    },
    isDown: () => isDown,
    [Symbol.dispose]: () => clearTimeout(timer),
  }
}
