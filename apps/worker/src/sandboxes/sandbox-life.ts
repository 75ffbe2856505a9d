import { RequestError, type SandboxEnding } from '@runnel/contract/public'
import type { ActName, ConnectionName, Handlers } from '@runnel/gateway/server'
import type { SandboxRecords } from '@runnel/registry'
import type { HeldSandbox } from '@runnel/sandbox'
import { createSandboxTimers, type SandboxTimers, type SandboxTimes } from './sandbox-timers.ts'

/** One sandbox that this worker holds, from its start to its end. */
export interface SandboxLife {
  readonly id: string
  readonly timers: Pick<SandboxTimers, 'lifeMs' | 'isInUse' | 'touch' | 'use'>
  /** Settles when it has to end: then everything in it is to be taken down. */
  readonly over: Promise<SandboxEnding>
  readonly isOver: boolean
  readonly isPaused: boolean
  /** What it uses now, files included. While it is paused: what it used before. */
  measureMemory(): Promise<number>
  /** The first ending wins. */
  end(ending: SandboxEnding): void
  /**
   * Before each act: refuses, or resumes, or counts it as use until the answer is called. If the sandbox is paused before that, `stop`
   * is called, because nothing in it would go on.
   */
  begin(act: ActName | ConnectionName, stop: (why: RequestError) => void): Promise<() => void>
  /** Something is asked of a program on a connection that was open before: resumes, or throws `sandbox-paused`. */
  wake(): Promise<void>
  readonly handlers: Pick<Handlers, 'pause' | 'resume' | 'set-times' | 'delete' | 'metrics'>
}

/** Acts that a paused sandbox answers without being resumed. */
const WHILE_PAUSED: ReadonlySet<string> = new Set([
  'pause',
  'resume',
  'set-times',
  'delete',
  'commands',
  'command',
  'watchers',
  'ports',
  'port-events',
] satisfies ActName[])

/** They may stay open for hours. To ask for one counts as use; to wait for what comes does not. */
const LASTING: ReadonlySet<string> = new Set(['command-events', 'watch-events', 'port-events', 'terminal'] satisfies (
  | ActName
  | ConnectionName
)[])

/**
 * To look at the ports asks nothing of the sandbox: a page that does it now and then must not keep it alive. A connection to one counts
 * while bytes flow, as its handler sees.
 */
const NO_USE: ReadonlySet<string> = new Set(['ports', 'dial'] satisfies (ActName | ConnectionName)[])

const ENDED = 'The sandbox has ended. Create another one'
const PAUSED = 'The sandbox is paused: resume it first'

const pausedMeanwhile = (): RequestError =>
  new RequestError(
    'sandbox-paused',
    'The sandbox was paused before this was done. A command that runs is frozen, and goes on when the sandbox is resumed',
  )

/**
 *   running ⇄ paused
 *      └────────┴──▶ over: deleted, timed-out, idle, out-of-memory, lost or sandbox-failed
 */
export const createSandboxLife = (options: {
  readonly id: string
  readonly held: HeldSandbox
  readonly times: SandboxTimes
  readonly autoResume: boolean
  readonly records: Pick<SandboxRecords, 'setTimes' | 'setPaused' | 'end'>
}): SandboxLife => {
  const { id, held, times, autoResume, records } = options
  const over = Promise.withResolvers<SandboxEnding>()
  let ending: SandboxEnding | undefined
  let isPaused = false
  /** What it is, or is about to be. */
  let wantsPause = false
  const served = new Set<(why: RequestError) => void>()
  let memoryBytes = 0
  /** One change between running and paused at a time. */
  let changing: Promise<unknown> = Promise.resolve()

  const end = (why: SandboxEnding): void => {
    if (ending !== undefined) return
    ending = why
    timers[Symbol.dispose]()
    over.resolve(why)
  }
  const timers = createSandboxTimers(times, end)
  void held.ended.then((ended) => end(ended.ending))

  const setPaused = (wanted: boolean): Promise<void> => {
    wantsPause = wanted
    if (wanted) for (const stop of served) stop(pausedMeanwhile())
    const change = changing.then(async () => {
      if (isPaused === wanted || ending !== undefined) return
      try {
        await (wanted ? held.pause() : held.resume())
      } catch (error) {
        wantsPause = isPaused
        throw error
      }
      isPaused = wanted
      timers.setPaused(wanted)
      await records.setPaused(id, wanted)
    })
    changing = change.catch(() => {})
    return change
  }

  return {
    id,
    timers,
    over: over.promise,
    get isOver() {
      return ending !== undefined
    },
    get isPaused() {
      return isPaused
    },
    async measureMemory() {
      if (!isPaused && ending === undefined) memoryBytes = (await held.metrics()).memoryBytes ?? 0
      return memoryBytes
    },
    end,
    async begin(act, stop) {
      const takesPause = WHILE_PAUSED.has(act)
      // At once, also while it is being frozen.
      if (wantsPause && !takesPause && !autoResume) throw new RequestError('sandbox-paused', PAUSED)
      await changing
      if (ending !== undefined) throw new RequestError('sandbox-ended', ENDED, { ending })
      if (wantsPause && !takesPause) {
        if (!autoResume) throw new RequestError('sandbox-paused', PAUSED)
        await setPaused(false)
      }
      if (NO_USE.has(act)) return () => {}
      const release = timers.use()
      if (LASTING.has(act)) {
        release()
        return () => {}
      }
      if (!takesPause) served.add(stop)
      return () => {
        served.delete(stop)
        release()
      }
    },
    async wake() {
      if (wantsPause && !autoResume) throw new RequestError('sandbox-paused', PAUSED)
      await changing
      if (wantsPause) await setPaused(false)
    },
    handlers: {
      async pause() {
        await setPaused(true)
        return { answer: {} }
      },
      async resume() {
        await setPaused(false)
        return { answer: {} }
      },
      async 'set-times'({ timeoutMs, idleTimeoutMs }) {
        timers.set({
          ...(timeoutMs === undefined ? {} : { timeoutMs }),
          ...(idleTimeoutMs === undefined ? {} : { idleTimeoutMs }),
        })
        await records.setTimes(id, { ...timers.times, endsAt: timers.endsAt })
        return { answer: { ...timers.times, endsAt: timers.endsAt.toISOString() } }
      },
      async delete() {
        // First, so that a request right after the answer reads that it has ended. The answer itself overtakes the cut.
        await records.end(id, 'deleted')
        end('deleted')
        return { answer: {} }
      },
      metrics: async () => ({ answer: await held.metrics() }),
    },
  }
}
