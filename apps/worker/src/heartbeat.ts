import { createRedisKeys, type Redis } from '@runnel/redis'
import type { WorkerDirectory, WorkerReport } from '@runnel/registry'

/** A worker counts as dead after three missed beats and a little more. */
const BEAT_MS = 4_000
/** What has changed is reported after this time. */
const CHANGE_MS = 1_000

export interface Heartbeat extends AsyncDisposable {
  /** Sends one now, because the state has changed. */
  send(): void
}

/**
 * Reports every few seconds that this worker is alive and what it does, and that it has left when it is disposed. Each
 * answer says whether an operator has drained the worker, so a hint that was lost costs four seconds and nothing more.
 *
 * Other workers remove the containers of a worker whose heartbeat stops, so it starts before the first container is made
 * and ends after the last one is removed.
 */
export const startHeartbeat = (options: {
  readonly directory: WorkerDirectory
  readonly redis: Redis
  /** Brings the hint that an operator has drained or resumed a worker. */
  readonly subscriber: Redis
  readonly prefix: string
  readonly id: string
  readonly report: () => WorkerReport
  readonly onDrained: (isDrained: boolean) => void
}): Heartbeat => {
  const { directory, redis, subscriber, id, report, onDrained } = options
  const { drainChannel } = createRedisKeys(options.prefix)
  let isOver = false
  let sent = ''
  let sentMs = Number.NEGATIVE_INFINITY

  const beat = async (): Promise<void> => {
    const now = report()
    sent = JSON.stringify(now)
    sentMs = performance.now()
    const { isDrained } = await directory.beat(id, now)
    if (!isOver) onDrained(isDrained)
  }
  // The connection logs that Redis is away, and the next beat replaces a lost one.
  const send = () => void beat().catch(() => {})
  const sendIfDue = () => {
    if (performance.now() - sentMs >= BEAT_MS - CHANGE_MS / 2 || JSON.stringify(report()) !== sent) send()
  }
  const onHint = (channel: string, worker: string) => {
    if (channel === drainChannel && worker === id) send()
  }

  send()
  redis.on('ready', send)
  subscriber.on('message', onHint)
  subscriber.subscribe(drainChannel).catch(() => {})
  const timer = setInterval(sendIfDue, CHANGE_MS)
  return {
    send,
    async [Symbol.asyncDispose]() {
      isOver = true
      clearInterval(timer)
      redis.off('ready', send)
      subscriber.off('message', onHint)
      await directory.leave(id).catch(() => {})
    },
  }
}
