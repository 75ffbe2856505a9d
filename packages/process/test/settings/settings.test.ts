import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { readConfig, SETTINGS } from '../../src/index.ts'
import { settingFacts } from '../../src/settings/setting.ts'
import { SETTING_GROUPS } from '../../src/settings/settings.ts'
import { SETTING_NAMES } from '../../src/settings/unknown-settings.ts'

const ROOT = join(import.meta.dirname, '../../../..')
/** A whole name: `RUNNEL_MAX_…` is a family of them. */
const NAME = /\bRUNNEL_[A-Z_]*[A-Z](?![A-Z_])/g

describe('The table of settings', () => {
  test('has every setting in one group, and has a reader for each', () => {
    const grouped = Object.values(SETTING_GROUPS).flatMap((settings) => Object.keys(settings))
    expect(grouped.sort()).toEqual(SETTING_NAMES)
  })

  test.each(Object.entries(SETTINGS))('has a default for everything that %s reads', (_reader, settings) => {
    expect(() => readConfig(z.object(settings), {})).not.toThrow()
  })

  test('has every name that code, scripts and documents use', () => {
    const files = globSync(
      ['*.{md,yml,json}', '{apps,packages,infra,docs}/**/*.{ts,md,sh,py,cjs,yml}', 'infra/**/Dockerfile'],
      {
        cwd: ROOT,
        exclude: (path) => path.includes('node_modules'),
      },
    )
    // The change log keeps old names.
    const current = files.filter((file) => file !== 'CHANGELOG.md')
    const used = current.flatMap((file) =>
      [...readFileSync(join(ROOT, file), 'utf8').matchAll(NAME)].map(([name]) => ({ name, file })),
    )
    expect(used.length).toBeGreaterThan(100)
    expect(used.filter(({ name }) => !SETTING_NAMES.includes(name))).toEqual([])
  })

  test('lists for Docker Compose what docker-compose.yml reads, with the same defaults', () => {
    const file = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8')
    const read = Object.fromEntries(
      [...file.matchAll(/\$\{(RUNNEL_[A-Z_]+):-([^}]*)\}/g)].map(([, name, value]) => [name, value]),
    )
    const stated = Object.entries(SETTINGS.compose).map(([name, schema]) => {
      const value = settingFacts.get(schema)?.default ?? ''
      // What is left out, or empty, has no default in code style.
      return [name, /^`(.*)`$/.exec(value)?.[1] ?? '']
    })
    expect(read).toEqual(Object.fromEntries(stated))
  })
})
