import { setTimeout as delay } from 'node:timers/promises'
import { createRedisKeys, type Redis } from '@runnel/redis'
import { toDigest } from './secret.ts'

/** A subscription is usually confirmed within a millisecond. If not, Redis is away and waiting longer does not help. */
const CONFIRM_MS = 250

/** Tells the sockets of a browser, on every API process, which jobs that browser has started. */
export interface BrowserRuns extends Disposable {
  /** Nothing is kept: only those who listen at this moment receive the job. */
  announce(tenantId: string, browser: string, jobId: string): Promise<void>
  /** Calls `onJob` for each job that is announced from now on, until it is disposed. */
  listen(tenantId: string, browser: string, onJob: (jobId: string) => unknown): Promise<Disposable>
}

/**
 * `browser` is the value of a cookie: who knows it receives the browser's jobs, so it must be random. It is used only together
 * with its tenant, and only its SHA-256 reaches Redis.
 *
 * `subscriber` is a connection for subscriptions only. It subscribes again by itself when it was broken; jobs that were announced
 * in between are missed.
 */
export const createBrowserRuns = (options: {
  readonly redis: Redis
  readonly subscriber: Redis
  readonly prefix: string
}): BrowserRuns => {
  const { redis, subscriber, prefix } = options
  const keys = createRedisKeys(prefix)
  const listeners = new Map<string, Set<(jobId: string) => unknown>>()
  const channelOf = (tenantId: string, browser: string): string => keys.browserChannel(tenantId, toDigest(browser))

  const onMessage = (channel: string, jobId: string): void => {
    for (const onJob of listeners.get(channel) ?? []) onJob(jobId)
  }
  subscriber.on('message', onMessage)

  const drop = (channel: string, onJob: (jobId: string) => unknown): void => {
    const known = listeners.get(channel)
    if (known?.delete(onJob) !== true || known.size > 0) return
    listeners.delete(channel)
    subscriber.unsubscribe(channel).catch(() => {})
  }

  return {
    async announce(tenantId, browser, jobId) {
      await redis.publish(channelOf(tenantId, browser), jobId)
    },

    async listen(tenantId, browser, onJob) {
      const channel = channelOf(tenantId, browser)
      const known = listeners.get(channel) ?? new Set()
      listeners.set(channel, known.add(onJob))
      const subscribed = subscriber.subscribe(channel).catch(() => {})
      await Promise.race([subscribed, delay(CONFIRM_MS, undefined, { ref: false })])
      return { [Symbol.dispose]: () => drop(channel, onJob) }
    },

    [Symbol.dispose]() {
      subscriber.off('message', onMessage)
      listeners.clear()
    },
  }
}
