import { screenshot, browserTest as test } from '@runnel/testing/browser'
import { expect } from 'vitest'
import { findBarriers } from './find-barriers.ts'
import { useRunPage } from './run-page.ts'

/** The time that a busy machine needs. */
const SOON = { timeout: 30_000 }
const WIDE = { viewport: { width: 1440, height: 900 } }

const SITE = `<!doctype html>
<title>Counter</title>
<h1>Rivers</h1>
<input aria-label="Name">
<button>Count</button>
<p>0</p>
<script>
  document.querySelector('input').focus()
  console.log('ready', { rivers: ['Nile', 'Amazon'] })
  let count = 0
  document.querySelector('button').onclick = () => {
    document.querySelector('p').textContent = count += 1
    if (count === 2) throw new TypeError('too many')
  }
</script>
`

test('A page in HTML is seen beside its output, which has what it writes to the console', async ({ openConsole }) => {
  const { page } = await openConsole('/', WIDE)
  const run = await useRunPage(page)
  await run.write(SITE)
  await run.run()

  // It is there as soon as it is served, and the keyboard stays in the program.
  const preview = page.getByRole('region', { name: 'Preview' })
  const frame = preview.frameLocator('iframe')
  await frame.getByRole('heading', { name: 'Rivers' }).waitFor(SOON)
  await run.untilOutput('ready { rivers: [ "Nile", "Amazon" ] }')
  expect(await page.evaluate(() => document.activeElement?.className)).toContain('cm-content')
  expect(await findBarriers(page)).toEqual([])
  await screenshot(page, 'preview-light-wide')

  // It works, and ends with its job.
  await frame.getByRole('button', { name: 'Count' }).click()
  await frame.getByText('1', { exact: true }).waitFor()
  await run.button('Stop').click()
  await run.untilState('Canceled')
  await preview.waitFor({ state: 'detached' })
})
