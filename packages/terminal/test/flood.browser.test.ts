import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { terminalTest as test } from './terminal-page.ts'

/** Both streams, colours and emoji. */
const LINES = `
import sys, time
for i in range(40_000):
    print("line", i, "\\x1b[32mgreen\\x1b[0m ✅" if i % 7 == 0 else "", file=sys.stderr if i % 10 == 0 else sys.stdout)
# The order of two streams is kept where a program pauses.
time.sleep(0.05)
print("the end")
`

const text = (page: Page): Promise<string> => page.evaluate(() => window.terminal.text())
const run = (page: Page, code: string): Promise<string> =>
  page.evaluate(
    (given) => window.terminal.run({ code: given, language: 'python', limits: { outputBytes: 16 * 1024 * 1024 } }),
    code,
  )
const PATIENCE = { timeout: 15_000 }

describe('A program that prints as fast as it can', () => {
  test('is shown to its last line', async ({ openTerminal }) => {
    const { page } = await openTerminal()
    await run(page, LINES)
    await page.locator('.runnel-sentence', { hasText: /^Exited 0/ }).waitFor({ timeout: 60_000 })
    await expect.poll(() => text(page), PATIENCE).toMatch(/\nthe end$/)
    // The newest lines are kept, each whole and once.
    const kept = (await text(page)).split('\n').filter((line) => /^line \d+[1-9] /.test(line))
    const numbers = kept.map((line) => Number(line.split(' ')[1]))
    expect(kept.length).toBeGreaterThan(8_000)
    expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => one - other))
  })

  test('is stopped at once: what waits is not drawn, and a line says how much that was', async ({ openTerminal }) => {
    const { page } = await openTerminal()
    await run(page, 'while True: print("x" * 100)')
    await expect.poll(() => text(page), PATIENCE).toContain('xxx')
    await page.getByRole('button', { name: 'Stop the program' }).click()
    await page.locator('.runnel-sentence', { hasText: /^Canceled after / }).waitFor()
    await expect.poll(() => text(page), PATIENCE).toMatch(/── [\d,]+ KiB of output are not shown ──$/)
  })
})
