import { type Control, controlSchema } from '@runnel/contract/internal'
import type { Redis } from '@runnel/redis'

const CONTROL_PAGE = 100
/** A piece of input can have 1 MiB, and the worker keeps it in memory until the program takes it. */
const STDIN_PAGE = 4

export interface ControlInbox {
  readonly controls: AsyncIterable<Control>
  /** Reads what is new. Called at every hint and at every sweep; calls that overlap become one. */
  look(): Promise<void>
}

/**
 * The messages to one running job, from its two streams, each read forward once.
 *
 * Cancels and signals are few and small: every look reads all of them, so a cancel is found at once. Input can be large
 * and waits in Redis: the next page is read only when the reader has taken the last one and asks for more. A signal
 * overtakes input that waits, as in a terminal. Input and its end keep their order.
 */
export const createControlInbox = (options: {
  readonly redis: Redis
  readonly controlKey: string
  readonly stdinKey: string
  /** Whether there may be any input: only an interactive program has some. */
  readonly hasInput: boolean
  readonly signal: AbortSignal
  readonly onCancel: () => void
  readonly onUnreadable: (id: string) => void
}): ControlInbox => {
  const { redis, controlKey, stdinKey, hasInput, signal, onCancel, onUnreadable } = options
  const signals: Control[] = []
  const input: Control[] = []
  let looking: Promise<void> | undefined
  let mustLookAgain = false
  let isReadingInput = false
  let mayHaveInput = hasInput
  let changed = Promise.withResolvers<void>()

  const wake = (): void => {
    changed.resolve()
    changed = Promise.withResolvers<void>()
  }
  signal.addEventListener('abort', wake, { once: true })

  /** Reads the next page of a stream into `into`; true when there may be another. */
  const createReader = (key: string, count: number, into: Control[]) => {
    let from = '-'
    return async (): Promise<boolean> => {
      const page = await redis.xrange(key, from, '+', 'COUNT', count)
      if (signal.aborted) return false
      for (const [id, [, json]] of page) {
        from = `(${id}`
        const { success, data } = controlSchema.safeParse(readJson(json ?? ''))
        if (!success) onUnreadable(id)
        else if (data.type === 'cancel') onCancel()
        else into.push(data)
      }
      return page.length === count
    }
  }
  const readControlPage = createReader(controlKey, CONTROL_PAGE, signals)
  const readInputPage = createReader(stdinKey, STDIN_PAGE, input)

  const readControls = async (): Promise<void> => {
    do {
      mustLookAgain = false
      if (await readControlPage()) mustLookAgain = true
    } while (mustLookAgain && !signal.aborted)
  }

  const look = (): Promise<void> => {
    mustLookAgain = true
    mayHaveInput = hasInput
    wake()
    looking ??= readControls().finally(() => {
      looking = undefined
      wake()
    })
    return looking
  }

  /** Not awaited: the reader waits for `changed`, so an abort ends the wait even while Redis is away. */
  const readInput = async (): Promise<void> => {
    if (isReadingInput) return
    isReadingInput = true
    mayHaveInput = false
    try {
      if (await readInputPage()) mayHaveInput = true
    } catch {
      // Redis failed. The next sweep looks again.
    } finally {
      isReadingInput = false
      wake()
    }
  }

  const receive = async function* (): AsyncGenerator<Control> {
    while (!signal.aborted) {
      const next = signals.shift() ?? input.shift()
      if (next !== undefined) {
        yield next
        continue
      }
      const more = changed.promise
      if (mayHaveInput) void readInput()
      await more
    }
  }

  return { controls: { [Symbol.asyncIterator]: receive }, look }
}

const readJson = (json: string): unknown => {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
