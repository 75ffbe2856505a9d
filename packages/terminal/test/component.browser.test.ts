import { screenshot } from '@runnel/testing/browser'
import { describe, expect } from 'vitest'
import { terminalTest as test } from './terminal-page.ts'

const PHONE = { viewport: { width: 390, height: 700 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 }

describe('The component', () => {
  test('runs its code once, and shows a job by its id', async ({ openTerminal }) => {
    const code = 'print("ran", end="")'
    const { page } = await openTerminal({ code, language: 'python' })
    const submitted = page.waitForResponse(
      (answer) => answer.request().method() === 'POST' && answer.url().endsWith('/v1/jobs'),
    )
    await page.reload()
    const { id }: { id: string } = await (await submitted).json()
    await page.locator('.runnel-sentence', { hasText: /^Exited 0/ }).waitFor()
    await page.locator('.xterm-rows', { hasText: 'ran' }).waitFor()

    const again = await openTerminal({ jobId: id })
    await again.page.locator('.runnel-sentence', { hasText: /^Exited 0/ }).waitFor()
    await again.page.locator('.xterm-rows', { hasText: 'ran' }).waitFor()
  })

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
