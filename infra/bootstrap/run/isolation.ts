// Whether programs get cells here. Where only AppArmor stands in the way, and we may change that, its profile for cells is loaded:
//
//   ready ─▶ what do workers serve? ─┬─▶ cells: nothing to do
//                                    ├─▶ AppArmor forbids them, we are root, the engine is here: load, start the workers again
//                                    └─▶ anything else: say it in the last lines
import { join } from 'node:path'
import { isInstalled, read } from '../command.ts'
import { ROOT } from '../places.ts'
import { isRoot } from '../prepare/debian.ts'

/** What a worker gives programs instead of a cell, and why. */
export interface Shortfall {
  readonly served: string
  readonly reason: string
}

const PROFILE = join(ROOT, 'infra/apparmor/runnel-cell')
const REPLY_TIMEOUT_MS = 5_000

/** Undefined if all workers serve cells, or if they have no sandbox at all, which is said elsewhere. */
const readShortfall = async (url: string, signal: AbortSignal): Promise<Shortfall | undefined> => {
  const timeout = AbortSignal.timeout(REPLY_TIMEOUT_MS)
  const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.any([signal, timeout]) })
  const { isolation }: { isolation?: { served: string; reason?: string } } = JSON.parse(await response.text())
  if (isolation === undefined || isolation.served !== 'container') return undefined
  return { served: isolation.served, reason: isolation.reason ?? 'the log of the worker says why' }
}

export interface AppArmorFacts {
  readonly reason: string
  readonly isRoot: boolean
  readonly hasParser: boolean
  /** DOCKER_HOST. */
  readonly dockerHost: string | undefined
}

/** Whether to load the profile. It does not help where another rule stands in the way, or where it is loaded and forbids too much. */
export const shouldLoadProfile = ({ reason, isRoot, hasParser, dockerHost }: AppArmorFacts): boolean => {
  const isEngineHere = !dockerHost || dockerHost.startsWith('unix:')
  return reason.startsWith('AppArmor') && !reason.includes('"runnel-cell"') && isRoot && hasParser && isEngineHere
}

/** Resolves with what is left to say. */
export const bringCells = async (options: {
  readonly url: string
  readonly signal: AbortSignal
  readonly say: (sentence: string) => void
  /** Resolves when the workers run again. */
  readonly restartWorkers: () => Promise<void>
}): Promise<Shortfall | undefined> => {
  const { url, signal, say, restartWorkers } = options
  const shortfall = await readShortfall(url, signal)
  if (shortfall === undefined) return undefined
  const hasParser = isInstalled('apparmor_parser')
  const facts = { reason: shortfall.reason, isRoot: isRoot(), hasParser, dockerHost: process.env['DOCKER_HOST'] }
  if (!shouldLoadProfile(facts)) return shortfall
  try {
    await read('apparmor_parser', ['-r', PROFILE])
  } catch (error) {
    say(`  Cannot load infra/apparmor/runnel-cell: ${error instanceof Error ? error.message : error}`)
    return shortfall
  }
  say(
    '  Loaded the AppArmor profile infra/apparmor/runnel-cell, because AppArmor forbids cells; starting the workers again.',
  )
  await restartWorkers()
  return await readShortfall(url, signal)
}
