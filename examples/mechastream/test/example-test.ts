import { once } from 'node:events'
import { browserTest, findBrowser, watchPage } from '@runnel/testing/browser'
import { chromium, type Page } from 'playwright-core'
import { expect } from 'vitest'
import { buildPage } from '../src/build-page.ts'
import { createExampleServer } from '../src/create-server.ts'

/** Where a user has the page. The component, unchanged, connects to it. */
export const ORIGIN = 'http://localhost:5000'

const PAGE_TIMEOUT_MS = 15_000
const page = buildPage()

/** The example's server in front of a Runnel, on any free port. */
const serveExample = async (runnel: string, resources: AsyncDisposableStack): Promise<number> => {
  const server = createExampleServer({ page: await page, runnel: new URL(runnel) }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  resources.defer(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('A TCP server without a port')
  return address.port
}

/**
 * `openExample(url)` starts a browser that has the example at `ORIGIN`, in front of the Runnel at that URL, and returns a function
 * that opens the page in a profile of its own: another browser, for the server. The browser's resolver leads to the server's port, so
 * URLs, headers and cookies are those of a user. The test fails if a page reports an error that is not of `allowed`.
 */
export const exampleTest = browserTest.extend('openExample', async ({ launchOptions }, { onCleanup }) => {
  const resources = new AsyncDisposableStack()
  const unexpected: (() => readonly string[])[] = []
  onCleanup(async () => {
    const errors = unexpected.flatMap((read) => read())
    await resources.disposeAsync()
    expect(errors, 'errors that pages reported').toEqual([])
  })
  return async (runnel: string, allowed?: RegExp): Promise<() => Promise<Page>> => {
    const port = await serveExample(runnel, resources)
    const args = [...launchOptions.args, `--host-resolver-rules=MAP ${new URL(ORIGIN).host} 127.0.0.1:${port}`]
    const browser = await chromium.launch({ ...launchOptions, args, executablePath: findBrowser() })
    resources.defer(() => browser.close())
    return async () => {
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
      context.setDefaultTimeout(PAGE_TIMEOUT_MS)
      const opened = await context.newPage()
      const faults = watchPage(opened)
      if (allowed !== undefined) faults.allow(allowed)
      unexpected.push(faults.unexpected)
      await opened.goto(ORIGIN)
      return opened
    }
  }
})
