import { type LockedSystem, type OpenPage, screenshot, browserTest as test } from '@runnel/testing/browser'
import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { z } from 'zod'
import { findBarriers } from './find-barriers.ts'

const madeKeySchema = z.object({ id: z.string(), key: z.string() })

const makeKey = async (system: LockedSystem, given: Readonly<Record<string, unknown>>) => {
  const answer = await system.call('POST', '/v1/admin/keys', { tenant: 'acme', scopes: ['submit', 'read'], ...given })
  return madeKeySchema.parse(await answer.json())
}

/** Chromium reports each answer of 401 or 404 on its console. */
const allowRefusals = ({ allow }: OpenPage): void => allow(/status of (401|403|404)/)

const signIn = async (page: Page, key: string): Promise<void> => {
  await page.getByLabel('Key', { exact: true }).fill(key)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

describe('Signing in', () => {
  test('is skipped where the API serves this machine alone and has no keys', async ({ openConsole }) => {
    const { page } = await openConsole('/sign-in')
    await page.getByText('None yet: this system serves this machine only.').waitFor()
    expect(await findBarriers(page)).toEqual([])
  })

  test('takes one key, stays where the address leads, and is over with the sign-out', async ({
    openPage,
    lockedSystem,
  }) => {
    const open = await openPage()
    allowRefusals(open)
    const { page } = open
    await page.goto(`${lockedSystem.url}/history`)
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await screenshot(page, 'sign-in-light-wide')
    expect(await findBarriers(page)).toEqual([])

    await signIn(page, 'rnl_0123456789abcdef_'.padEnd(64, 'x'))
    await page.getByText('This key is not valid here: it is wrong, expired or revoked.').waitFor()
    await signIn(page, lockedSystem.key)
    await page.getByRole('heading', { name: 'History' }).waitFor()
    await page.reload()
    await page.getByRole('heading', { name: 'History' }).waitFor()

    await page.goto(`${lockedSystem.url}/account`)
    await page.getByText('(this browser)').waitFor()
    await screenshot(page, 'account-light-wide')
    expect(await findBarriers(page)).toEqual([])
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await page.goto(`${lockedSystem.url}/history`)
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  })

  test('ends everywhere when a session is ended from another browser', async ({ openPage, lockedSystem }) => {
    const { key } = await makeKey(lockedSystem, { name: 'two browsers' })
    const [one, other] = [await openPage(), await openPage()]
    for (const open of [one, other]) {
      allowRefusals(open)
      await open.page.goto(`${lockedSystem.url}/account`)
      await signIn(open.page, key)
      await open.page.getByText('(this browser)').waitFor()
    }
    await one.page.reload()
    await one.page.getByRole('button', { name: 'End all' }).click()
    await one.page.getByRole('dialog').getByRole('button', { name: 'End all' }).click()
    await one.page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await other.page.getByRole('link', { name: 'History' }).click()
    await other.page.getByText('Your session has ended, or its key no longer works.').waitFor()
  })

  test('is asked for again after the key was revoked, and the program stays', async ({ openPage, lockedSystem }) => {
    const { id, key } = await makeKey(lockedSystem, { name: 'short life' })
    const open = await openPage()
    allowRefusals(open)
    const { page } = open
    await page.goto(`${lockedSystem.url}/history`)
    await signIn(page, key)
    await page.getByRole('heading', { name: 'History' }).waitFor()
    await page.getByRole('link', { name: 'Run' }).click()
    const editor = page.locator('.cm-content').first()
    await editor.click()
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.type('print("kept")')

    await lockedSystem.call('DELETE', `/v1/admin/keys/${id}`)
    await page.keyboard.press('ControlOrMeta+Enter')
    await page.getByText('This key no longer works. Sign in; your program stays here.').waitFor()
    const bar = page.getByRole('status').filter({ hasText: 'This key no longer works.' })
    await bar.getByRole('button', { name: 'Sign in' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Key', { exact: true }).fill(lockedSystem.key)
    await page.keyboard.press('Enter')
    await page.getByText('This key no longer works.').waitFor({ state: 'hidden' })
    expect(await editor.textContent()).toBe('print("kept")')
  })

  test('does not show what another tenant ran', async ({ openPage, lockedSystem }) => {
    const { key } = await makeKey(lockedSystem, { tenant: 'other', name: 'another tenant' })
    const { id } = await lockedSystem.submit({ language: 'python', code: 'print("of acme")' })
    const open = await openPage()
    allowRefusals(open)
    const { page } = open
    await page.goto(`${lockedSystem.url}/history`)
    await signIn(page, key)
    await page.getByText('Nothing has run yet.').waitFor()
    await page.goto(`${lockedSystem.url}/history/compare?a=${id}&b=${id}`)
    await page.getByRole('alert').getByText('There is no job with this id').waitFor()
    await page.getByRole('link', { name: 'Operate' }).click()
    await page.getByText('Your key does not allow this.').waitFor()
  })
})

describe('Keys', () => {
  test('are made, shown once, used and revoked by name', async ({ openPage, lockedSystem }) => {
    const open = await openPage({ permissions: ['clipboard-read', 'clipboard-write'] })
    allowRefusals(open)
    const { page } = open
    await page.goto(`${lockedSystem.url}/ops/keys`)
    await signIn(page, lockedSystem.key)
    await page.getByRole('button', { name: 'Make a key' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name').fill('the blue robot')
    await dialog.getByLabel('Tenant', { exact: true }).fill('robots')
    expect(await findBarriers(page)).toEqual([])
    await dialog.getByRole('button', { name: 'Make the key' }).click()
    await dialog.getByText('Copy it now. It is shown this once').waitFor()
    await dialog.getByRole('button', { name: 'Copy' }).click()
    await dialog.getByText('Copied.').waitFor()
    const text = await dialog.getByRole('textbox', { name: 'The key' }).inputValue()
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(text)
    const withKey = () => fetch(`${lockedSystem.url}/v1/jobs`, { headers: { authorization: `Bearer ${text}` } })
    expect((await withKey()).status).toBe(200)
    await dialog.getByRole('button', { name: 'I have it' }).click()

    const row = page.getByRole('row').filter({ hasText: 'the blue robot' })
    await row.getByText('submit, read').waitFor()
    await screenshot(page, 'keys-light-wide')
    expect(await findBarriers(page)).toEqual([])
    await row.getByRole('button', { name: 'Revoke the blue robot' }).click()
    const revoke = dialog.getByRole('button', { name: 'Revoke' })
    expect(await revoke.isEnabled()).toBe(false)
    await dialog.getByLabel('Type the blue robot to revoke it').fill('the blue robot')
    await revoke.click()
    await row.getByText('Revoked').waitFor()
    await expect.poll(async () => (await withKey()).status, { timeout: 6_000 }).toBe(401)

    // The limits of its tenant.
    await page.getByRole('group', { name: 'Tenant' }).getByRole('button', { name: 'robots' }).click()
    await page.getByLabel('Time, s', { exact: true }).fill('2.5')
    await page.getByLabel('Jobs that run at once').fill('3')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved. It holds from the next submission on.').waitFor()
    const tenant = await (await lockedSystem.call('GET', '/v1/admin/tenants/robots')).json()
    expect(tenant).toMatchObject({ limits: { running: 3, queued: null, limits: { wallMs: 2_500 } } })

    await page.emulateMedia({ colorScheme: 'dark' })
    await page.setViewportSize({ width: 390, height: 844 })
    await screenshot(page, 'keys-dark-phone')
    expect(await findBarriers(page)).toEqual([])
  })
})
