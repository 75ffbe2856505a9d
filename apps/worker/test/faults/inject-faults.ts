import { setTimeout as delay } from 'node:timers/promises'
import { eventually, type RedisContainer } from '@runnel/testing'
import type { Process, System } from '@runnel/testing/system'
import type { FaultyEngine } from './fault-proxies.ts'
import type { Random } from './random.ts'

/** The parts that faults can be injected into. */
export interface Target {
  readonly system: System
  readonly redis: RedisContainer
  /** Sends a command to Redis. */
  readonly command: (...words: [string, ...string[]]) => Promise<unknown>
  readonly engine: FaultyEngine
  readonly lockMs: number
}

type Part = 'a worker' | 'the API' | 'Redis' | 'the engine'

interface Fault {
  readonly name: string
  /** The part that it breaks. One part is broken by one fault at a time. */
  readonly part: Part
  readonly inject: (target: Target, random: Random) => Promise<void>
}

const alive = ({ workers }: System): Process[] => workers.filter(({ hasExited }) => !hasExited)

const worker: (name: string, harm: (worker: Process, target: Target) => Promise<void>) => Fault = (name, harm) => ({
  name,
  part: 'a worker',
  inject: (target, random) => harm(random.pick(alive(target.system)), target),
})

/** A worker may take its grace and 29 s more to stop, even if something hangs. */
const EXIT_MS = 40_000

const untilExited = (one: Process): Promise<void> =>
  eventually(
    () => {
      if (!one.hasExited)
        throw new Error(`A process that got a signal to end still runs: ${JSON.stringify(one.lines.slice(-5))}`)
    },
    { withinMs: EXIT_MS },
  )

/** Ends a process by a signal and starts another one in its place. */
const replaceBy =
  (name: NodeJS.Signals) =>
  async (one: Process, { system }: Target) => {
    one.signal(name)
    await Promise.all([untilExited(one), system.startWorker()])
  }

const LONGER_THAN_A_LOCK = 1.5

const replaceApi =
  (name: NodeJS.Signals) =>
  async ({ system }: Target) => {
    const { api } = system
    api.signal(name)
    await untilExited(api)
    await system.startApi()
  }

const FAULTS: readonly Fault[] = [
  worker('kill -9 of a worker', replaceBy('SIGKILL')),
  worker('SIGTERM to a worker', replaceBy('SIGTERM')),
  worker('a worker frozen for longer than its lock', async (one, { lockMs }) => {
    one.signal('SIGSTOP')
    await delay(lockMs * LONGER_THAN_A_LOCK)
    one.signal('SIGCONT')
  }),
  { name: 'kill -9 of the API', part: 'the API', inject: replaceApi('SIGKILL') },
  { name: 'SIGTERM to the API', part: 'the API', inject: replaceApi('SIGTERM') },
  {
    name: 'kill -9 of Redis',
    part: 'Redis',
    async inject({ redis }) {
      await redis.kill()
      await redis.start()
    },
  },
  {
    name: 'a Redis that is silent for a second and a half',
    part: 'Redis',
    async inject({ redis }) {
      await redis.pause()
      await delay(1_500)
      await redis.unpause()
    },
  },
  {
    name: 'all connections to Redis cut',
    part: 'Redis',
    async inject({ command }) {
      await command('CLIENT', 'KILL', 'TYPE', 'pubsub')
      await command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    },
  },
  {
    name: 'all scripts forgotten',
    part: 'Redis',
    inject: async ({ command }) => void (await command('SCRIPT', 'FLUSH')),
  },
  {
    name: 'a restart of the engine',
    part: 'the engine',
    async inject({ engine }) {
      engine.close()
      await delay(1_500)
      engine.open()
    },
  },
  {
    name: 'an engine that does not answer for two seconds',
    part: 'the engine',
    async inject({ engine }) {
      engine.hang()
      await delay(2_000)
      engine.open()
    },
  },
]

/** Each run injects all of these at least once. */
export const FAULT_NAMES: readonly string[] = FAULTS.map(({ name }) => name)

/** How many parts are broken at once. */
const AT_ONCE = 1
const MAX_PAUSE_MS = 500

/**
 * Injects one fault after another: each once, in an order that follows from the seed, then each once more in another order,
 * until `signal` aborts and each has been injected. At the end nothing is broken any more.
 */
export const injectFaults = async (
  target: Target,
  random: Random,
  { signal, onFault }: { readonly signal: AbortSignal; readonly onFault: (fault: string) => void },
): Promise<Map<string, number>> => {
  const injected = new Map<string, number>()
  const broken = new Set<Part>()
  let left = random.shuffle(FAULTS)

  const next = (): Fault | undefined => {
    if (left.length === 0) {
      if (signal.aborted) return undefined
      left = random.shuffle(FAULTS)
    }
    const fault = left.find(({ part }) => !broken.has(part))
    left = left.filter((one) => one !== fault)
    return fault
  }
  const isOver = (): boolean => signal.aborted && FAULT_NAMES.every((name) => injected.has(name))

  const injectNext = async (): Promise<void> => {
    while (!isOver()) {
      await delay(random.below(MAX_PAUSE_MS))
      const fault = next()
      if (fault === undefined) continue
      broken.add(fault.part)
      injected.set(fault.name, (injected.get(fault.name) ?? 0) + 1)
      onFault(fault.name)
      await fault.inject(target, random)
      await eventually(() => target.command('PING'), { withinMs: 15_000 })
      broken.delete(fault.part)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, injectNext))
  return injected
}
