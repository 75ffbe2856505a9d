import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { publint } from 'publint'
import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'

const DIST = join(import.meta.dirname, '../dist')

describe('The package that is published', () => {
  beforeAll(async () => {
    await import('../build.ts')
  })

  test('has nothing to complain about', async () => {
    const { messages } = await publint({ pkgDir: DIST, pack: false, strict: true })
    expect(messages).toEqual([])
  })

  test('names versions, and no package of the workspace by its place', () => {
    const { dependencies } = z
      .object({ dependencies: z.record(z.string(), z.string()) })
      .parse(JSON.parse(readFileSync(join(DIST, 'package.json'), 'utf8')))
    expect(Object.values(dependencies).filter((range) => !/^\^\d+\.\d+\.\d+$/.test(range))).toEqual([])
  })

  test('imports nothing that ends with .ts, and its style sheet imports nothing', () => {
    const files = readdirSync(DIST).filter((name) => /\.(js|d\.ts)$/.test(name))
    const wrong = files.filter((name) => /from ['"]\.[^'"]*\.tsx?['"]/.test(readFileSync(join(DIST, name), 'utf8')))
    expect(files.length).toBeGreaterThan(60)
    expect(wrong).toEqual([])
    const styles = readFileSync(join(DIST, 'terminal.css'), 'utf8')
    expect([styles.includes('@import'), styles.includes('.xterm-viewport')]).toEqual([false, true])
  })
})
