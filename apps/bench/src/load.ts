// Ways to send requests. Each returns all attempts in the order of their start, and continues after a failure.
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Attempt, Contender } from './contenders/contender.ts'

const GIVE_UP_MS = 60_000
/** The pause after a failure, so that a contender that fails at once is not called in a tight loop. */
const AFTER_FAILURE_MS = 100

const attempt = async (contender: Contender): Promise<Attempt> => {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`No answer within ${GIVE_UP_MS} ms`)), GIVE_UP_MS)
  try {
    const timing = await Promise.race([contender.run(randomBytes(8).toString('hex')), late])
    return { succeeded: true, ...timing }
  } catch (error) {
    return { succeeded: false, why: String(error) }
  } finally {
    clearTimeout(timer)
  }
}

/** One after another: the next starts when the last one is answered. */
export const askOneByOne = async (contender: Contender, count: number): Promise<Attempt[]> => {
  const attempts: Attempt[] = []
  while (attempts.length < count) attempts.push(await attempt(contender))
  return attempts
}

/** All at the same moment. */
export const askAtOnce = (contender: Contender, count: number): Promise<Attempt[]> =>
  Promise.all(Array.from({ length: count }, () => attempt(contender)))

/** One every `everyMs`, even if earlier ones are not answered yet. */
export const askStaggered = async (contender: Contender, count: number, everyMs: number): Promise<Attempt[]> => {
  const attempts: Promise<Attempt>[] = []
  const startedAt = performance.now()
  for (let asked = 0; asked < count; asked += 1) {
    await delay(Math.max(0, startedAt + asked * everyMs - performance.now()))
    attempts.push(attempt(contender))
  }
  return await Promise.all(attempts)
}

export interface Sustained {
  readonly attempts: readonly Attempt[]
  /** Programs that succeeded, a second. */
  readonly rate: number
}

/**
 * Keeps `inFlight` requests open for `forMs`. Answers in the first `settleMs` do not count, because sandboxes that were ready
 * before would make the rate too high.
 */
export const keepInFlight = async (
  contender: Contender,
  { inFlight, forMs, settleMs }: { inFlight: number; forMs: number; settleMs: number },
): Promise<Sustained> => {
  const attempts: Attempt[] = []
  const startedAt = performance.now()
  const elapsedMs = () => performance.now() - startedAt
  const loop = async () => {
    while (elapsedMs() < forMs) {
      const answered = await attempt(contender)
      const at = elapsedMs()
      if (at >= settleMs && at < forMs) attempts.push(answered)
      if (!answered.succeeded) await delay(AFTER_FAILURE_MS)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, loop))
  const succeeded = attempts.filter((answered) => answered.succeeded).length
  return { attempts, rate: succeeded / ((forMs - settleMs) / 1_000) }
}
