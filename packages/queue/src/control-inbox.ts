import { type Control, controlSchema } from '@runnel/contract'
import type { Redis } from 'ioredis'

const PAGE = 64
/** What a program has not yet taken may use this much memory of the worker; the rest waits in Redis. */
const BUFFER_BYTES = 1024 * 1024

export interface ControlInbox {
  readonly controls: AsyncIterable<Control>
  /** Reads what is new. Called at every hint and at every sweep; calls that overlap become one. */
  look(): Promise<void>
}

interface Held {
  readonly control: Control
  readonly bytes: number
}

/**
 * The messages to one running job, read from its control stream.
 *
 * Two cursors run through the stream. `scanned` goes ahead, so that a cancel is found at once however much unread input
 * lies before it. `held` is the last message in the buffer; when the buffer is full, scanning goes on without holding,
 * and once the buffer has been taken, scanning returns to `held` and reads the rest again.
 */
export const createControlInbox = (options: {
  readonly redis: Redis
  readonly key: string
  readonly signal: AbortSignal
  readonly onCancel: () => void
  readonly onUnreadable: (id: string) => void
}): ControlInbox => {
  const { redis, key, signal, onCancel, onUnreadable } = options
  const buffer: Held[] = []
  let bufferBytes = 0
  let scanned = '-'
  let held = '-'
  let isFull = false
  let mustRewind = false
  let looking: Promise<void> | undefined
  let mustLookAgain = false
  let changed = Promise.withResolvers<void>()

  const wake = (): void => {
    changed.resolve()
    changed = Promise.withResolvers<void>()
  }
  signal.addEventListener('abort', wake, { once: true })

  const hold = (control: Control, bytes: number): void => {
    isFull ||= bufferBytes > 0 && bufferBytes + bytes > BUFFER_BYTES
    if (isFull) return
    held = scanned
    bufferBytes += bytes
    buffer.push({ control, bytes })
    wake()
  }

  const scan = (id: string, json: string): void => {
    scanned = `(${id}`
    const { success, data } = controlSchema.safeParse(readJson(json))
    if (!success) onUnreadable(id)
    else if (data.type === 'cancel') onCancel()
    else hold(data, json.length)
  }

  const readPages = async (): Promise<void> => {
    do {
      mustLookAgain = false
      if (mustRewind) {
        mustRewind = false
        isFull = false
        scanned = held
      }
      const page = await redis.xrange(key, scanned, '+', 'COUNT', PAGE)
      if (signal.aborted) return
      for (const [id, [, json]] of page) scan(id, json ?? '')
      mustLookAgain ||= page.length === PAGE
    } while (mustLookAgain)
  }

  const look = (): Promise<void> => {
    mustLookAgain = true
    looking ??= readPages().finally(() => {
      looking = undefined
    })
    return looking
  }

  const receive = async function* (): AsyncGenerator<Control> {
    while (!signal.aborted) {
      const next = buffer.shift()
      if (next !== undefined) {
        bufferBytes -= next.bytes
        yield next.control
        continue
      }
      const more = changed.promise
      if (isFull) {
        mustRewind = true
        // A failure here is one of Redis; the next sweep looks again.
        look().catch(() => {})
      }
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
