import { readFile } from 'node:fs/promises'
import { jobSchema, storedFilePageSchema } from '@runnel/contract/public'
import { browserTest as test } from '@runnel/testing/browser'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { findBarriers } from './find-barriers.ts'

/** The time that a busy machine needs. */
const SOON = { timeout: 20_000 }

const download = async (page: Page, name: string): Promise<string> => {
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name }).click()])
  expect(file.suggestedFilename()).toBe(name)
  return readFile(await file.path(), 'utf8')
}

test('A person uploads a file, gets what a job made of it, and removes it', async ({ system, openConsole }) => {
  const { page } = await openConsole('/files', { viewport: { width: 1280, height: 800 } })
  const csv = { name: 'sales.csv', mimeType: 'text/csv', buffer: Buffer.from('a,b\n') }
  await page.getByLabel('Files to upload').setInputFiles([csv])
  await page.getByText('1 file uploaded.').waitFor(SOON)
  expect(await download(page, 'sales.csv')).toBe('a,b\n')
  expect(await findBarriers(page)).toEqual([])

  const { files } = storedFilePageSchema.parse(await (await system.call('GET', '/v1/files')).json())
  const fileId = files.find(({ name }) => name === 'sales.csv')?.id
  const main = { path: 'main.py', content: 'open("upper.csv", "w").write(open("sales.csv").read().upper())' }
  const submission = {
    language: 'python',
    files: [main, { path: 'sales.csv', fileId }],
    artifacts: ['up*'],
  }
  const ran = await system.call('POST', '/v1/jobs?wait=60000', submission)
  const { id, outcome } = jobSchema.parse(await ran.json())
  expect(outcome).toEqual({ type: 'exited', exitCode: 0 })
  await page.goto(`${system.url}/r/${id}`)
  await page.getByRole('list', { name: 'Files that it made' }).waitFor(SOON)
  expect(await download(page, 'upper.csv')).toBe('A,B\n')
  expect(await findBarriers(page)).toEqual([])

  await page.getByRole('link', { name: 'Files', exact: true }).click()
  for (const name of ['sales.csv', 'upper.csv']) {
    await page.getByRole('button', { name: `Remove ${name}` }).click()
    await page.getByRole('link', { name }).waitFor({ ...SOON, state: 'detached' })
  }
})
