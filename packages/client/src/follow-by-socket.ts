import type { JobEvent } from './contract.ts'
import { createInbox } from './inbox.ts'
import type { SocketPool } from './socket-pool.ts'

/**
 * One job's events after `after`, over the shared WebSocket, until `finished` or until the socket fails. `onOpen` is called
 * when the server has begun. Throws what made it fail; the caller continues after the last event.
 *
 * When the consumer is 1 MB behind, it unsubscribes, and subscribes again when the consumer has taken what is there.
 */
export async function* followBySocket(options: {
  readonly pool: SocketPool
  readonly jobId: string
  readonly after: string | undefined
  readonly signal: AbortSignal | undefined
  readonly onOpen: () => void
}): AsyncGenerator<JobEvent, void> {
  const { pool, jobId, signal, onOpen } = options
  const { socket, release } = pool.forFollowing(jobId)
  let { after } = options
  let hasOpened = false
  const begin = (): void => {
    if (!hasOpened) onOpen()
    hasOpened = true
  }
  try {
    for (;;) {
      const inbox = createInbox(() => socket.unsubscribe(jobId))
      const subscribing = socket.subscribe(jobId, after, inbox).then(begin)
      subscribing.catch(inbox.fail)
      for await (const event of inbox.events(signal)) {
        yield event
        after = event.id
        if (event.type === 'finished') return
      }
    }
  } finally {
    socket.unsubscribe(jobId)
    release()
  }
}
