import { setTimeout as delay } from 'node:timers/promises'
import type { SandboxLife } from './sandbox-life.ts'

export interface HeldSandboxes extends Disposable {
  readonly hasRoom: boolean
  /** Takes a place for one that begins. */
  reserve(): () => void
  /** `living` settles when it was taken down. */
  add(life: SandboxLife, living: Promise<void>): Promise<void>
  /** With those that begin. `bound`: how many there can be, with the memory that they use now. */
  readonly state: { readonly running: number; readonly bound: number }
  readonly isStopped: boolean
  /**
   * What runs in them may go on for the grace: commands in the foreground and requests that are being served. Then all end as
   * `lost`. Resolves when they were taken down.
   */
  stop(graceMs: number): Promise<void>
}

const CHECK_EVERY_MS = 100
const MEASURE_EVERY_MS = 10_000

/**
 * The sandboxes of this worker: at most `most`, and no new ones while they use more memory together than they may. None where
 * `canHold` is false: another worker may be able to.
 */
export const createHeldSandboxes = (options: {
  readonly most: number
  readonly memoryBytes: number
  readonly canHold: () => boolean
}): HeldSandboxes => {
  const { most } = options
  const all = new Map<SandboxLife, Promise<void>>()
  let beginning = 0
  let isStopped = false
  let usedBytes = 0
  let isMeasuring = false

  const hasRoom = (): boolean =>
    !isStopped && options.canHold() && usedBytes < options.memoryBytes && all.size + beginning < most

  const measure = async (): Promise<void> => {
    if (isMeasuring) return
    isMeasuring = true
    // One that does not answer has its own deadlines, and counts as nothing meanwhile.
    const measured = await Promise.allSettled([...all.keys()].map((life) => life.measureMemory()))
    usedBytes = measured.reduce((sum, one) => sum + (one.status === 'fulfilled' ? one.value : 0), 0)
    isMeasuring = false
  }
  const timer = setInterval(() => void measure(), MEASURE_EVERY_MS)

  return {
    get hasRoom() {
      return hasRoom()
    },
    reserve() {
      beginning += 1
      return () => {
        beginning -= 1
      }
    },
    add(life, living) {
      const held = living.finally(() => all.delete(life))
      all.set(life, held)
      return held
    },
    get state() {
      const running = all.size + beginning
      return { running, bound: hasRoom() ? most : running }
    },
    get isStopped() {
      return isStopped
    },
    async stop(graceMs) {
      const until = performance.now() + graceMs
      const isBusy = () => beginning > 0 || [...all.keys()].some(({ timers, isOver }) => timers.isInUse && !isOver)
      while (isBusy() && performance.now() < until) await delay(CHECK_EVERY_MS)
      isStopped = true
      for (const life of all.keys()) life.end('lost')
      await Promise.allSettled(all.values())
    },
    [Symbol.dispose]() {
      clearInterval(timer)
    },
  }
}
