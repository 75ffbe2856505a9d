import { once } from 'node:events'
import { connect, createServer, type NetConnectOpts, type Socket } from 'node:net'

/**
 * Stands between a worker or an API and Redis or a Docker engine, and breaks the connections.
 *
 *   open      bytes pass
 *   closed    connections are cut, new ones too: the other side is down
 *   hanging   connections are accepted, and nothing passes: the other side is stuck
 *
 * `holdAt` makes one connection hang at a chosen text, so that a test can kill a process at a chosen step. `answerAt` and
 * `answerEach` answer in place of the other side.
 */
export interface FaultProxy extends AsyncDisposable {
  /** The port of 127.0.0.1 that it listens on; 0 if it listens on a path. */
  readonly port: number
  open(): void
  close(): void
  hang(): void
  /**
   * Resolves when a client has sent `text`. From then on nothing of that connection passes. The text does not pass either;
   * with `passing` it does, but its answer does not.
   */
  holdAt(text: string, options?: { readonly passing?: boolean }): Promise<void>
  /** Holds every connection on which a client sends `text`, until the result is called. */
  holdEach(text: string): () => void
  /**
   * Answers the next connection on which a client sends `text` with exactly these bytes, and closes it. With `passing` the
   * other side gets the text too, and its own answer is lost. Resolves when it has happened.
   */
  answerAt(text: string, answer: string, options?: { readonly passing?: boolean }): Promise<void>
  /** The same on every such connection, until the result is called. */
  answerEach(text: string, answer: string): () => void
}

interface Hold {
  readonly text: string
  readonly passing: boolean
  readonly once: boolean
  /** What the client gets as an answer; undefined for no answer at all. */
  readonly answer?: string
  readonly reached: () => void
}

/** The end of the earlier bytes, in which a text may have started. */
const TAIL_BYTES = 256

export const startFaultProxy = async (
  listen: { path: string } | { port: 0 },
  target: NetConnectOpts,
): Promise<FaultProxy> => {
  let state: 'open' | 'closed' | 'hanging' = 'open'
  const pairs = new Set<{ readonly client: Socket; readonly server: Socket; isHeld: boolean }>()
  const holds = new Set<Hold>()

  /** Only a text that ends in these bytes: one that ended before them was sent before the hold was made. */
  const findHold = (tail: string, bytes: string): Hold | undefined => {
    const found = [...holds].find(({ text }) => (tail.slice(1 - text.length) + bytes).includes(text))
    if (found?.once) holds.delete(found)
    return found
  }

  const accept = (client: Socket): void => {
    if (state === 'closed') return void client.destroy()
    const server = connect({ ...target })
    const pair = { client, server, isHeld: false }
    pairs.add(pair)
    for (const socket of [client, server]) {
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.on('close', () => {
        pairs.delete(pair)
        client.destroy()
        server.destroy()
      })
    }
    let tail = ''
    client.on('data', (bytes) => {
      const text = bytes.toString('latin1')
      const hold = holds.size === 0 ? undefined : findHold(tail, text)
      tail = (tail + text).slice(-TAIL_BYTES)
      if (hold === undefined || hold.passing) server.write(bytes)
      if (hold === undefined) return
      pair.isHeld = true
      const { answer, passing } = hold
      if (answer === undefined) for (const socket of [client, server]) socket.pause()
      else if (passing) server.once('data', () => client.end(answer))
      else client.end(answer)
      hold.reached()
    })
    server.on('data', (bytes) => {
      if (!pair.isHeld) client.write(bytes)
    })
    // If one side ends its output, only that direction ends: a worker asks an agent to exit in this way.
    client.on('end', () => server.end())
    server.on('end', () => client.end())
    if (state === 'hanging') for (const socket of [client, server]) socket.pause()
  }

  const listener = createServer({ allowHalfOpen: true }, accept)
  listener.listen('path' in listen ? listen : { ...listen, host: '127.0.0.1' })
  await once(listener, 'listening')
  const address = listener.address()

  const setFlow = (flow: 'pause' | 'resume'): void => {
    for (const { client, server, isHeld } of pairs) if (!isHeld) for (const socket of [client, server]) socket[flow]()
  }
  const cutAll = (): void => {
    for (const { client } of pairs) client.destroy()
  }
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    open() {
      state = 'open'
      setFlow('resume')
    },
    close() {
      state = 'closed'
      cutAll()
    },
    hang() {
      state = 'hanging'
      setFlow('pause')
    },
    holdAt(text, { passing = false } = {}) {
      const { promise, resolve } = Promise.withResolvers<void>()
      holds.add({ text, passing, once: true, reached: resolve })
      return promise
    },
    holdEach(text) {
      const hold = { text, passing: false, once: false, reached: () => {} }
      holds.add(hold)
      return () => void holds.delete(hold)
    },
    answerAt(text, answer, { passing = false } = {}) {
      const { promise, resolve } = Promise.withResolvers<void>()
      holds.add({ text, passing, once: true, answer, reached: resolve })
      return promise
    },
    answerEach(text, answer) {
      const hold = { text, passing: false, once: false, answer, reached: () => {} }
      holds.add(hold)
      return () => void holds.delete(hold)
    },
    async [Symbol.asyncDispose]() {
      listener.close()
      cutAll()
      await once(listener, 'close')
    },
  }
}
