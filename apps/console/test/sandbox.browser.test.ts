import { readFile } from 'node:fs/promises'
import { screenshot, browserTest as test } from '@runnel/testing/browser'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { findBarriers } from './find-barriers.ts'

/** The time that a busy machine needs. */
const SOON = { timeout: 20_000 }

const CSV = 'month,sold\njan,3\nfeb,7\nmar,5\n'
/** Draws a bar for each row, with the standard library alone. */
const SCRIPT = `import csv, struct, zlib
rows = [int(row["sold"]) for row in csv.DictReader(open("sales.csv"))]
pixels = b"".join(b"\\0" + bytes(0 if x < sold * 10 else 255 for x in range(100)) for sold in rows for _ in range(10))
chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
header = struct.pack(">IIBBBBB", 100, 10 * len(rows), 8, 0, 0, 0, 0)
with open("sales.png", "wb") as file:
    file.write(b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b""))
print(len(rows), "bars", "drawn")
`

const toFile = (name: string, text: string) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(text) })
const files = (page: Page) => page.getByRole('complementary', { name: 'Files' })
const panel = (page: Page) => page.getByRole('tabpanel', { name: 'Terminal 1' })
const terminal = (page: Page) => panel(page).locator('.xterm-rows')
const type = async (page: Page, line: string): Promise<void> => {
  await panel(page).locator('.xterm-screen').click()
  await page.keyboard.type(`${line}\n`)
}

const download = async (page: Page, name: string): Promise<Buffer> => {
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    files(page)
      .getByRole('link', { name: `Download ${name}` })
      .click(),
  ])
  expect(file.suggestedFilename()).toBe(name)
  return readFile(await file.path())
}

/** As a browser does for files that are dropped from a folder. */
const drop = async (page: Page, name: string, text: string): Promise<void> => {
  const data = await page.evaluateHandle(
    ([fileName, content]) => {
      const transfer = new DataTransfer()
      transfer.items.add(new File([content], fileName, { type: 'text/plain' }))
      return transfer
    },
    [name, text] as const,
  )
  await files(page).dispatchEvent('drop', { dataTransfer: data })
}

test('A person makes a picture of a CSV in a sandbox, downloads it, reloads, and all is there', async ({
  openConsole,
}) => {
  const { page, allow } = await openConsole('/sandboxes', { viewport: { width: 1280, height: 800 } })
  // The page may ask for something in the moment in which the sandbox ends.
  allow(/status of 410/)
  await page.getByRole('button', { name: 'New sandbox' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('Sales report')
  expect(await findBarriers(page)).toEqual([])
  await dialog.getByRole('button', { name: 'Make it' }).click()
  await page.getByRole('heading', { name: 'Sales report' }).waitFor(SOON)
  await page.getByText('Ends in 29 min, or after 10 min without use').waitFor(SOON)

  // Files go in: by the dialog, and by drag.
  await page.getByLabel('Files to upload').setInputFiles([toFile('sales.csv', CSV)])
  await files(page).getByRole('link', { name: 'Download sales.csv' }).waitFor(SOON)
  await drop(page, 'draw.py', SCRIPT)
  await files(page).getByRole('link', { name: 'Download draw.py' }).waitFor(SOON)

  // The terminal runs the script, and what it made appears and comes out.
  await type(page, 'python3 draw.py')
  await expect.poll(() => terminal(page).textContent(), SOON).toContain('3 bars drawn')
  await files(page).getByRole('link', { name: 'Download sales.png' }).waitFor(SOON)
  const picture = await download(page, 'sales.png')
  expect(picture.subarray(1, 4).toString()).toBe('PNG')
  expect([picture.readUInt32BE(16), picture.readUInt32BE(20)]).toEqual([100, 30])
  expect(await findBarriers(page)).toEqual([])
  await screenshot(page, 'sandbox-light-wide')

  // A command, with its output.
  await page.getByRole('tab', { name: 'Commands' }).click()
  await page.getByLabel('Command', { exact: true }).fill('wc -l < sales.csv; exit 3')
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await page.getByText('Exit code 3').waitFor(SOON)
  await expect
    .poll(() => page.getByRole('tabpanel', { name: 'Commands' }).locator('pre').textContent(), SOON)
    .toBe('4\n')
  await page.emulateMedia({ colorScheme: 'dark' })
  expect(await findBarriers(page)).toEqual([])
  await screenshot(page, 'sandbox-dark-wide')

  // After a reload all is where it was: the files, what the terminal showed, what ran.
  await page.reload()
  await files(page).getByRole('link', { name: 'Download sales.png' }).waitFor(SOON)
  await expect.poll(() => terminal(page).textContent(), SOON).toContain('3 bars drawn')
  await type(page, 'echo still $((40 + 2))')
  await expect.poll(() => terminal(page).textContent(), SOON).toContain('still 42')
  await page.getByRole('tab', { name: 'Commands' }).click()
  await page.getByText('Exit code 3').waitFor(SOON)

  // What somebody else does to the files is seen too.
  const { origin, pathname } = new URL(page.url())
  await fetch(`${origin}/v1/sandboxes/${pathname.slice('/s/'.length)}/files?path=later.txt`, {
    method: 'PUT',
    body: '1',
  })
  await files(page).getByRole('link', { name: 'Download later.txt' }).waitFor(SOON)

  // Its life, on a phone.
  await page.setViewportSize({ width: 390, height: 780 })
  await page.getByRole('button', { name: 'Keep for 60 min' }).click()
  await page.getByText('Ends in 59 min, or after 10 min without use').waitFor(SOON)
  await page.getByRole('button', { name: 'Pause' }).click()
  await page.getByText('It is paused.').waitFor(SOON)
  await page.getByRole('button', { name: 'Resume' }).click()
  await files(page).getByRole('link', { name: 'Download sales.png' }).waitFor(SOON)
  expect(await findBarriers(page)).toEqual([])
  await screenshot(page, 'sandbox-dark-phone')
  await page.getByRole('button', { name: 'End', exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'End the sandbox' }).click()
  await page.getByText('Ended by request.').waitFor(SOON)
  await page.getByRole('link', { name: 'All sandboxes' }).click()
  await page.getByRole('row', { name: /Sales report.*Ended by request/ }).waitFor(SOON)
})
