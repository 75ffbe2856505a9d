import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'

const SOURCES = join(import.meta.dirname, '../src')
const read = (path: string): string => readFileSync(join(SOURCES, path), 'utf8')

const namesIn = (text: string, pattern: RegExp): Set<string> =>
  new Set([...text.matchAll(pattern)].flatMap(([, name]) => name ?? []))

const components = globSync('**/*.tsx', { cwd: SOURCES })
const sheets = globSync('**/*.module.css', { cwd: SOURCES })

/** The sheets that a component imports, by the name that it gives them. */
const importsOf = (component: string): (readonly [name: string, sheet: string])[] =>
  [...read(component).matchAll(/import (\w+) from '(\.[^']+\.module\.css)'/g)].map(
    ([, name = '', path = '']) => [name, join(dirname(component), path)] as const,
  )

/** The sheets whose classes are part of its own. */
const composedBy = (sheet: string): string[] =>
  [...read(sheet).matchAll(/composes: \w+ from "([^"]+)"/g)].map(([, path = '']) => join(dirname(sheet), path))

const classesOf = (sheet: string): Set<string> =>
  namesIn(read(sheet).replace(/\/\*[\s\S]*?\*\//g, ''), /\.([a-z][\w-]*)/gi)

describe('The classes of CSS modules', () => {
  test('exist where a component names them', () => {
    const missing = components.flatMap((component) =>
      importsOf(component).flatMap(([name, sheet]) =>
        [...namesIn(read(component), new RegExp(`\\b${name}\\.(\\w+)`, 'g'))]
          .filter((used) => !classesOf(sheet).has(used))
          .map((used) => `${component}: ${name}.${used}`),
      ),
    )
    expect(components.length).toBeGreaterThan(10)
    expect(missing).toEqual([])
  })

  test('are in a sheet that a component imports, or that such a sheet takes them from', () => {
    const direct = components.flatMap((component) => importsOf(component).map(([, sheet]) => sheet))
    const imported = new Set([...direct, ...direct.flatMap(composedBy)])
    expect(sheets.filter((sheet) => !imported.has(sheet))).toEqual([])
  })
})
