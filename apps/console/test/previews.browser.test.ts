import { eventually } from '@runnel/testing'
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
  const { page, allow } = await openConsole('/', WIDE)
  allow(/too many|frame-ancestors/)
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

  // It works, its error leads to the line, and each request is listed.
  await frame.getByRole('button', { name: 'Count' }).click()
  await frame.getByText('1', { exact: true }).waitFor()
  await frame.getByRole('button', { name: 'Count' }).click()
  await run.untilOutput('Uncaught TypeError: too many')
  await run.untilOutput('/workspace/index.html:13')
  await run.button('Requests').click()
  await preview.getByRole('row', { name: /GET \/ 200/ }).waitFor(SOON)
  await page.emulateMedia({ colorScheme: 'dark' })
  await run.button('Width of a phone').click()
  expect((await preview.locator('iframe').boundingBox())?.width).toBe(390)
  await screenshot(page, 'preview-dark-wide')

  // A tab of its own has its own link, and a reload makes a new one.
  const [tab] = await Promise.all([page.waitForEvent('popup'), run.button('Open in a new tab').click()])
  await tab.getByRole('heading', { name: 'Rivers' }).waitFor(SOON)
  expect(tab.url()).toMatch(/^http:\/\/80-sbx-[0-9a-f]{24}\.localhost:\d+\/$/)
  await tab.close()
  await run.button('Reload the preview').click()
  await frame.getByText('0', { exact: true }).waitFor(SOON)

  // On a phone it is a pane of its own.
  await page.setViewportSize({ width: 390, height: 780 })
  await page.getByRole('navigation', { name: 'Panes' }).getByRole('button', { name: 'Preview' }).click()
  await frame.getByRole('heading', { name: 'Rivers' }).waitFor()
  expect(await findBarriers(page)).toEqual([])
  await screenshot(page, 'preview-dark-phone')
  await run.button('Stop').click()
  await run.untilState('Canceled')
  await preview.waitFor({ state: 'detached' })
})

const FLASK = `from flask import Flask

app = Flask(__name__)


@app.route("/")
def hello():
    print("somebody came", flush=True)
    return "<h1>Hello from Flask</h1>"


if __name__ == "__main__":
    app.run(debug=True)
`

test('A Flask app that is pasted as a chat answer is seen by pressing Run', async ({ openConsole }) => {
  const { page } = await openConsole('/', WIDE)
  const run = await useRunPage(page)
  await run.write(`Here is your app:\n\n\`\`\`python\n${FLASK}\`\`\`\n`)
  await run.run()
  const preview = page.getByRole('region', { name: 'Preview' })
  await preview.frameLocator('iframe').getByRole('heading', { name: 'Hello from Flask' }).waitFor(SOON)
  await preview.getByText(/^5000-sbx-[0-9a-f]{24}\.localhost:\d+$/).waitFor()
  await run.untilOutput('somebody came')
  // The focus stays in the editor, until the person goes to the preview.
  // In the second after it has loaded, a page that takes the focus looks like a person who does.
  await eventually(async () => {
    await preview.frameLocator('iframe').getByRole('heading').click()
    expect(await preview.getByText('Keys go to the preview').isVisible()).toBe(true)
  })
  await screenshot(page, 'preview-flask')
  await run.button('Stop').click()
  await preview.waitFor({ state: 'detached', ...SOON })
})
