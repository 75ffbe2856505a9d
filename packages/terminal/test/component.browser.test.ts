import { screenshot } from '@runnel/testing/browser'
import axe from 'axe-core'
import type { Response } from 'playwright-core'
import { describe, expect } from 'vitest'
import { z } from 'zod'
import { terminalTest as test } from './terminal-page.ts'

const jobSchema = z.object({ id: z.string() })
const axeSchema = z.object({
  violations: z.array(
    z.object({ id: z.string(), impact: z.string().nullable(), nodes: z.array(z.object({ html: z.string() })) }),
  ),
})

const PHONE = { viewport: { width: 390, height: 700 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 }

describe('The component', () => {
  test('runs its code once in StrictMode, and shows a job by its id', async ({ openTerminal }) => {
    const { page } = await openTerminal({ code: 'print("ran", end="")', language: 'python' })
    const answers: Response[] = []
    page.on('response', (answer) => {
      if (answer.request().method() === 'POST' && answer.url().endsWith('/v1/jobs')) answers.push(answer)
    })
    await page.reload()
    await page.locator('.runnel-sentence', { hasText: /^Exited 0/ }).waitFor({ timeout: 30_000 })
    await page.locator('.xterm-rows', { hasText: 'ran' }).waitFor()
    const jobs = await Promise.all(answers.map(async (answer) => jobSchema.parse(await answer.json())))
    expect(jobs.length).toBe(1)

    const again = await openTerminal({ jobId: jobs[0]?.id ?? '' })
    await again.page.locator('.runnel-sentence', { hasText: /^Exited 0/ }).waitFor()
    await again.page.locator('.xterm-rows', { hasText: 'ran' }).waitFor()
    expect(await again.page.locator('.runnel-terminal').count()).toBe(1)
  })

  test.for(['light', 'dark'] as const)(
    'has no serious barriers for axe when it is %s',
    async (colorScheme, { openTerminal }) => {
      const code = 'import sys\nprint("out"), print("err", file=sys.stderr)\ninput("Name: ")'
      const { page } = await openTerminal({ code, language: 'python' }, { colorScheme })
      await page.locator('.xterm-rows', { hasText: 'Name:' }).waitFor()
      await page.getByRole('button', { name: /^Find in the output/ }).click()
      await page.getByRole('searchbox').fill('out')
      await page.evaluate(axe.source)
      const { violations } = axeSchema.parse(await page.evaluate('axe.run()'))
      const barriers = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
      expect(barriers.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([])
    },
  )

  test('says why a job cannot be shown, and why code was refused', async ({ openTerminal }) => {
    const missing = await openTerminal({ jobId: `job_${'0'.repeat(32)}` })
    missing.allow(/404/)
    await missing.page.locator('.runnel-sentence', { hasText: 'Runnel refused it' }).waitFor()
    const refused = await openTerminal({ code: 'x', language: 'cobol' })
    refused.allow(/400/)
    await refused.page.locator('.runnel-beneath', { hasText: 'cobol' }).waitFor()
    expect(await refused.page.getByRole('button', { name: 'Stop the program' }).isVisible()).toBe(false)
  })

  test.for(['tsx', 'ts'] as const)(
    'works as the example of the README in %s says',
    async (example, { openTerminal }) => {
      const { page } = await openTerminal({ example })
      if (example === 'tsx') {
        await page.getByRole('textbox', { name: 'Input for the program' }).fill('Ada')
        await page.getByRole('textbox', { name: 'Input for the program' }).press('Enter')
      }
      const printed = example === 'tsx' ? 'Hello, Ada' : 'Hello from a job'
      await page.locator('.xterm-rows', { hasText: printed }).waitFor()
    },
  )

  test('takes input by a text field on a phone', async ({ openTerminal }) => {
    const code = [
      'import sys',
      'print("A line that is longer than the screen of a phone is wide, and so it goes on in the next row.")',
      'name = input("Your name: ")',
      'print("Hello,", name)',
      'print("nobody", file=sys.stderr)',
      'input("Again: ")',
    ].join('\n')
    const { page } = await openTerminal({ code, language: 'python' }, PHONE)
    await page.locator('.xterm-rows', { hasText: 'Your name:' }).waitFor()
    const field = page.getByRole('textbox', { name: 'Input for the program' })
    await field.tap()
    await field.fill('Ada')
    await page.getByRole('button', { name: 'Send' }).tap()
    await page.locator('.xterm-rows', { hasText: 'Hello, Ada' }).waitFor()
    await screenshot(page, 'terminal-phone')
    await page.getByRole('button', { name: 'End the input' }).tap()
    await page.locator('.runnel-sentence', { hasText: /^Exited 1/ }).waitFor()
    await screenshot(page, 'terminal-phone-ended')
  })
})
