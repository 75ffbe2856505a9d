// Ways to send requests. Each gives every attempt in the order of its start, and goes on after a failure.
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Attempt, Contender } from './contenders/contender.ts'

const GIVE_UP_MS = 60_000
/** Who refuses at once is not asked in a tight loop. */
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

/** One after another: the next starts when the last has its answer. */
export const askOneByOne = async (contender: Contender, count: number): Promise<Attempt[]> => {
  const attempts: Attempt[] = []
  while (attempts.length < count) attempts.push(await attempt(contender))
  return attempts
}

/** All in the same moment. */
export const askAtOnce = (contender: Contender, count: number): Promise<Attempt[]> =>
  Promise.all(Array.from({ length: count }, () => attempt(contender)))

/** One every `everyMs`, whether or not the ones before it have been answered. */
export const askStaggered = async (contender: Contender, count: number, everyMs: number): Promise<Attempt[]> => {
  const attempts: Promise<Attempt>[] = []
  const began = performance.now()
  for (let asked = 0; asked < count; asked += 1) {
    await delay(Math.max(0, began + asked * everyMs - performance.now()))
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
 * `inFlight` at all times, for `forMs`. What is answered in the first `settleMs` does not count: what had been made
 * ready before would flatter.
 */
export const keepInFlight = async (
  contender: Contender,
  { inFlight, forMs, settleMs }: { inFlight: number; forMs: number; settleMs: number },
): Promise<Sustained> => {
  const attempts: Attempt[] = []
  const began = performance.now()
  const elapsedMs = () => performance.now() - began
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
