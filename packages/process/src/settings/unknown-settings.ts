import type { Logger } from '../logger.ts'
import { SETTINGS } from './settings.ts'

const OURS = 'RUNNEL_'

export const SETTING_NAMES: readonly string[] = [
  ...new Set(Object.values(SETTINGS).flatMap((settings) => Object.keys(settings))),
].sort()

const pairsOf = (name: string): ReadonlySet<string> => {
  const own = name.slice(OURS.length)
  return new Set(Array.from({ length: own.length - 1 }, (_, at) => own.slice(at, at + 2)))
}

/** From 0 to 1: how many pairs of neighboring letters two names share. It finds typing errors and missing words alike. */
const likeness = (one: string, other: string): number => {
  const [left, right] = [pairsOf(one), pairsOf(other)]
  return (2 * [...left].filter((pair) => right.has(pair)).length) / (left.size + right.size)
}

const nearestTo = (unknown: string): string =>
  SETTING_NAMES.filter((name) => name.startsWith(OURS)).reduce((best, name) =>
    likeness(unknown, name) > likeness(unknown, best) ? name : best,
  )

/**
 * Warns of every `RUNNEL_…` variable that no process reads: probably a typing error, or a name of another version. Only a
 * warning, because a deployment that was moved to a new version with an old variable left over must still start.
 */
export const warnOfUnknownSettings = (log: Logger, env: NodeJS.ProcessEnv = process.env): void => {
  for (const name of Object.keys(env)) {
    if (!name.startsWith(OURS) || SETTING_NAMES.includes(name)) continue
    const nearest = nearestTo(name)
    log.warn(
      { setting: name, nearest },
      `${name} is not a setting, so it has no effect. Did you mean ${nearest}? docs/configuration.md lists all settings`,
    )
  }
}
