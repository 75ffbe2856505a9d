import type { EventPosition } from '@runnel/contract/public'
import type { Redis } from '@runnel/redis'
import { type LogEntry, readMessage } from './log-entry.ts'

/** A channel that has been silent for this long is compared with its log, in case a message was lost. */
const SWEEP_MS = 500
/** A subscription is usually confirmed within a millisecond. If not, Redis is away and waiting longer does not help. */
const CONFIRM_MS = 250

/** One watcher of a log. None of these may throw. */
export interface Listener {
  receive(entry: LogEntry): void
  /** Messages may have been missed: the log has them. */
  miss(): void
  /** Where the log ends; undefined if there is none. If the watcher is elsewhere, it has missed events or the log has lost some. */
  seeEnd(end: EventPosition | undefined): void
}

export interface Listening extends Disposable {
  /** Resolves when the subscription is confirmed, or when the confirmation is late and the watcher should read the log. */
  readonly isSet: Promise<void>
}

export interface LiveEntries extends Disposable {
  listen(channel: string, listener: Listener): Listening
}

interface Channel {
  readonly listeners: Set<Listener>
  /** Resolves when the subscription was confirmed, once. */
  readonly subscribed: Promise<void>
  isSubscribed: boolean
  isSilent: boolean
}

/**
 * Delivers published entries to all watchers of this process over one connection. A channel is subscribed to while it has
 * listeners. Each message is parsed once and passed to all of them.
 *
 * Pub/sub may lose messages when the connection breaks. So all listeners get `miss` when it is back, and a sweep twice a
 * second reads the ends of all logs that were silent since the last sweep, in one call. The sweep also unsubscribes from
 * channels without listeners.
 */
export const createLiveEntries = (options: {
  readonly subscriber: Redis
  /** Where these logs end; undefined for a log that does not exist. */
  readonly findEnds: (channels: readonly string[]) => Promise<readonly (EventPosition | undefined)[]>
}): LiveEntries => {
  const { subscriber, findEnds } = options
  const channels = new Map<string, Channel>()

  const onMessage = (name: string, message: string): void => {
    const channel = channels.get(name)
    const entry = channel === undefined ? undefined : readMessage(message)
    if (channel === undefined || entry === undefined) return
    channel.isSilent = false
    for (const listener of channel.listeners) listener.receive(entry)
  }

  /** It only fails if the connection does. When that is back, `onReady` subscribes again. */
  const subscribe = async (names: readonly string[]): Promise<void> => {
    if (names.length > 0) await subscriber.subscribe(...names).catch(() => {})
  }

  const missAll = (): void => {
    for (const { listeners } of channels.values()) for (const listener of listeners) listener.miss()
  }

  const onReady = (): void => {
    missAll()
    subscribe([...channels.keys()]).then(missAll)
  }

  const dropUnused = (): void => {
    const unused = [...channels].filter(([, { listeners }]) => listeners.size === 0).map(([name]) => name)
    if (unused.length === 0) return
    for (const name of unused) channels.delete(name)
    subscriber.unsubscribe(...unused).catch(() => {})
  }

  const compareSilent = async (): Promise<void> => {
    const silent = [...channels].filter(([, { isSilent }]) => isSilent)
    for (const channel of channels.values()) channel.isSilent = true
    if (silent.length === 0) return
    const ends = await findEnds(silent.map(([name]) => name))
    for (const [at, [, { listeners }]] of silent.entries()) {
      for (const listener of listeners) listener.seeEnd(ends[at])
    }
  }

  const sweep = setInterval(() => {
    dropUnused()
    // Redis is away. The owner of the connection logs that.
    compareSilent().catch(() => {})
  }, SWEEP_MS)
  subscriber.on('message', onMessage)
  subscriber.on('ready', onReady)

  const open = (name: string): Channel => {
    const channel: Channel = {
      listeners: new Set(),
      subscribed: subscribe([name]).then(() => {
        channel.isSubscribed = true
      }),
      isSubscribed: false,
      isSilent: true,
    }
    channels.set(name, channel)
    return channel
  }

  /** If the confirmation is late, entries may be missed until it comes: the listener gets `miss` then. */
  const standing = async (channel: Channel, listener: Listener): Promise<void> => {
    if (channel.isSubscribed) return
    const { promise: late, resolve } = Promise.withResolvers<'late'>()
    const timer = setTimeout(resolve, CONFIRM_MS, 'late')
    if ((await Promise.race([channel.subscribed, late])) === 'late') channel.subscribed.then(() => listener.miss())
    clearTimeout(timer)
  }

  return {
    listen(name, listener) {
      const channel = channels.get(name) ?? open(name)
      channel.listeners.add(listener)
      return {
        isSet: standing(channel, listener),
        [Symbol.dispose]: () => void channel.listeners.delete(listener),
      }
    },

    [Symbol.dispose]() {
      clearInterval(sweep)
      subscriber.off('message', onMessage)
      subscriber.off('ready', onReady)
      const names = [...channels.keys()]
      channels.clear()
      // Not awaited: a frozen Redis never answers, and a process that stops must not wait for it.
      if (names.length > 0 && subscriber.status === 'ready') subscriber.unsubscribe(...names).catch(() => {})
    },
  }
}
