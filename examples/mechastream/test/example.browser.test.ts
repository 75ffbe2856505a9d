import { screenshot } from '@runnel/testing/browser'
import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { ORIGIN, exampleTest as test } from './example-test.ts'

const PRIMES = '2 3 5 7 11 13 17 19 23 29 31 37 41 43 47 53 59 '

/** Asks for a program, and runs it. */
const run = async (page: Page, question: RegExp): Promise<void> => {
  await page.getByRole('button', { name: question }).click()
  await page.getByRole('button', { name: 'Run', exact: true }).last().click()
}

/** What the component shows when nothing runs. */
const shownBy = async (page: Page): Promise<string> => {
  await page.locator('.web-container-terminal-header', { hasText: 'Ready' }).waitFor()
  return (await page.locator('.web-container-terminal-output').textContent()) ?? ''
}
const shows = (page: Page, text: string | RegExp) =>
  expect.poll(() => shownBy(page)).toEqual(expect.stringMatching(text))

/** Runnel's own terminal shows it too. */
const showsOwn = (page: Page, text: string): Promise<void> =>
  page.locator('.own .xterm-rows', { hasText: text }).waitFor()

describe("The plan's component, unchanged", () => {
  test('shows what its own browser runs, and nothing of another one on the same page', async ({
    openExample,
    system,
  }) => {
    const open = await openExample(system.url)
    const [one, other, watcher] = [await open(), await open(), await open()]
    await Promise.all([run(one, /prime numbers/), run(other, /each word/)])
    await showsOwn(one, PRIMES.trim())
    await showsOwn(other, '████')
    await shows(one, new RegExp(`^${PRIMES}$`))
    await shows(other, /^the {2,}█{4} 4\n/)
    expect(await shownBy(watcher)).toBe('')
    const cookies = await one.context().cookies(ORIGIN)
    expect(cookies).toMatchObject([{ name: 'runnel_browser', httpOnly: true, sameSite: 'Strict' }])
    await screenshot(one, 'example')

    await run(one, /a mistake/)
    await shows(one, /^10 \/ 2 = 5\.0\n10 \/ 1 = 10\.0\nTraceback (?:.|\n)*ZeroDivisionError: division by zero$/)
    await one.emulateMedia({ colorScheme: 'dark' })
    await screenshot(one, 'example-dark')
    await other.setViewportSize({ width: 390, height: 844 })
    await screenshot(other, 'example-phone')
  })

  test('shows each line as soon as it is printed', async ({ openExample, system }) => {
    const page = await (await openExample(system.url))()
    await run(page, /Count down/)
    await page.locator('.web-container-terminal-output', { hasText: /^5…$/ }).waitFor()
    await page.locator('.web-container-terminal-output', { hasText: /Lift-off 🚀$/ }).waitFor()
    expect(await shownBy(page)).toBe('5…\n4…\n3…\n2…\n1…\nLift-off 🚀')
  })

  test('works with the session of who signs in, where Runnel has keys', async ({ openExample, lockedSystem }) => {
    const open = await openExample(lockedSystem.url, /401/)
    const page = await open()
    await page.getByLabel(/This Runnel has keys/).fill(lockedSystem.key)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByLabel(/This Runnel has keys/).waitFor({ state: 'detached' })
    await run(page, /prime numbers/)
    await showsOwn(page, PRIMES.trim())
    await shows(page, new RegExp(`^${PRIMES}$`))
  })
})
