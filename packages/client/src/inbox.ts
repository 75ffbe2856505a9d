import type { JobEvent } from './contract.ts'
import type { Receiver } from './stream-socket.ts'

/**
 * Events that came and wait for their consumer. A WebSocket cannot be told to wait, so at the bound the inbox stops taking:
 * it calls `onFull`, drops what still comes, and ends after what it has. The consumer then continues after the last event.
 */
export interface Inbox extends Receiver {
  events(signal: AbortSignal | undefined): AsyncGenerator<JobEvent, void>
}

/** As much as a screen of the fastest program; about a tenth of a second of transport. Characters of JSON. */
const INBOX_CHARACTERS = 1024 * 1024

export const createInbox = (onFull: () => void): Inbox => {
  const waiting: { readonly event: JobEvent; readonly characters: number }[] = []
  let characters = 0
  let isFull = false
  let failure: { readonly error: unknown } | undefined
  let wake = (): void => {}
  return {
    receive(event, size) {
      if (isFull || failure !== undefined) return
      waiting.push({ event, characters: size })
      characters += size
      if (characters >= INBOX_CHARACTERS && event.type !== 'finished') {
        isFull = true
        onFull()
      }
      wake()
    },
    fail(error) {
      failure ??= { error }
      wake()
    },
    async *events(signal) {
      const onAbort = (): void => wake()
      signal?.addEventListener('abort', onAbort)
      try {
        for (;;) {
          signal?.throwIfAborted()
          const next = waiting.shift()
          if (next !== undefined) {
            characters -= next.characters
            yield next.event
          } else if (isFull) return
          else if (failure !== undefined) throw failure.error
          else {
            await new Promise<void>((resolve) => {
              wake = resolve
            })
          }
        }
      } finally {
        signal?.removeEventListener('abort', onAbort)
      }
    },
  }
}
