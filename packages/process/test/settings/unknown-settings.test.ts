import { describe, expect, test } from 'vitest'
import { createLogger, warnOfUnknownSettings } from '../../src/index.ts'

/** Put together here, because the names in the repository's files are checked. */
const named = (name: string): string => `RUNNEL_${name}`

const warningsOf = (env: NodeJS.ProcessEnv): { level: number; msg: string }[] => {
  const lines: string[] = []
  const log = createLogger({ name: 'api', level: 'info', destination: { write: (line) => lines.push(line) } })
  warnOfUnknownSettings(log, env)
  return lines.map((line) => JSON.parse(line))
}

describe('An unknown setting', () => {
  test.each([
    ['CONCURENCY', 'CONCURRENCY'],
    ['POOLMIN', 'POOL_MIN'],
    ['DEFAULT_WALL', 'DEFAULT_WALL_MS'],
    ['MAX_QUEUE_PER_TENANT', 'MAX_QUEUED_PER_TENANT'],
    ['KILL_AFTER_MS', 'KILL_GRACE_MS'],
    ['X', 'ADDRESS'],
  ])('%s is reported with the nearest known name %s', (unknown, nearest) => {
    const [warning, ...more] = warningsOf({ [named(unknown)]: '1', PATH: '/bin', [named('PREFIX')]: 'a' })
    expect(more).toEqual([])
    expect(warning).toMatchObject({ level: 40, name: 'api', setting: named(unknown), nearest: named(nearest) })
    expect(warning?.msg).toBe(
      `${named(unknown)} is not a setting, so it has no effect. Did you mean ${named(nearest)}? docs/configuration.md lists all settings`,
    )
  })

  test('does not include one that another process reads', () => {
    expect(warningsOf({ [named('PORT')]: '80', [named('CPUS')]: '1', [named('SOAK_SEED')]: '1' })).toEqual([])
  })
})
