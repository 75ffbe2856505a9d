// Keeps one part of the run alive. A part that ends unasked is started again after a second. One that keeps ending is
// given up, and the run ends: something is wrong that another start does not repair.
import { setTimeout as delay } from 'node:timers/promises'
import { readTail } from '../log-tail.ts'
import type { Part } from './program.ts'

export interface KeptPart {
  /** Rejects when the part is given up; never resolves before it is stopped. */
  readonly lasting: Promise<void>
  stop(graceMs: number): Promise<void>
  /** Stops it; then it is started again after a second, as after any end. Resolves when it has stopped. */
  restart(graceMs: number): Promise<void>
  kill(): void
}

export interface KeepAliveOptions {
  readonly name: string
  /** Where to read why it ended. */
  readonly log: string
  /** A part that ends this often within a minute is given up. */
  readonly maxEnds: number
  readonly start: () => Promise<Part>
  readonly say: (sentence: string) => void
}

const RESTART_AFTER_MS = 1_000
const MINUTE_MS = 60_000

const TAIL_LINES = 10

export const keepAlive = async (options: KeepAliveOptions): Promise<KeptPart> => {
  const { name, log, maxEnds, start, say } = options
  const stopping = new AbortController()
  let part = await start()
  const ends: number[] = []
  let isRestart = false

  const countEnd = (how: string) => {
    ends.push(Date.now())
    const recent = ends.filter((at) => at > Date.now() - MINUTE_MS).length
    if (recent >= maxEnds) {
      say(readTail(log, TAIL_LINES))
      throw new Error(`${name} keeps ending (${how}): read above why (all of it in ${log})`)
    }
    if (recent === 1) say(`${name} ended (${how}); starting it again.`)
  }

  const watch = async () => {
    for (;;) {
      const how = await part.ended
      if (stopping.signal.aborted) return
      if (!isRestart) countEnd(how)
      isRestart = false
      for (let started = false; !started; ) {
        await delay(RESTART_AFTER_MS, undefined, { signal: stopping.signal })
        try {
          part = await start()
          started = true
        } catch (error) {
          countEnd(error instanceof Error ? error.message : String(error))
        }
      }
      if (stopping.signal.aborted) await part.stop(0)
    }
  }
  const lasting = watch().catch((error) => {
    if (!stopping.signal.aborted) throw error
  })
  lasting.catch(() => {})

  return {
    lasting,
    async stop(graceMs) {
      stopping.abort()
      await part.stop(graceMs)
      await lasting.catch(() => {})
    },
    async restart(graceMs) {
      isRestart = true
      await part.stop(graceMs)
    },
    kill() {
      stopping.abort()
      part.kill()
    },
  }
}
