import type { Browser, Page } from 'playwright-core'
import { type Measure, median } from './measure.ts'

const ROUNDS = 9
const LINES = 100_000

declare global {
  interface Window {
    /** When the caret was first in the editor, in ms since the navigation. */
    readyAt?: number | undefined
    /** When a WebSocket first brought the marker, and when the screen first showed it. */
    arrivedAt?: number | undefined
    shownAt?: number | undefined
    marker?: string | undefined
    longest: number
  }
}

/** Runs in the page before its own code. What it measures with is the browser's: no part of the page knows of it. */
const watch = (): void => {
  window.longest = 0
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration)
  }).observe({ type: 'longtask', buffered: true })

  const lookForCaret = (): void => {
    if (document.activeElement?.classList.contains('cm-content') === true) window.readyAt = performance.now()
    else requestAnimationFrame(lookForCaret)
  }
  requestAnimationFrame(lookForCaret)

  const Original = window.WebSocket
  window.WebSocket = class extends Original {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols)
      this.addEventListener('message', ({ data }) => {
        const { marker } = window
        if (marker !== undefined && typeof data === 'string' && data.includes(marker) && data.includes('stdout'))
          window.arrivedAt ??= performance.now()
      })
    }
  }
  const lookForMarker = (): void => {
    const { marker } = window
    if (marker !== undefined && window.shownAt === undefined) {
      const text = document.querySelector('.xterm-rows')?.textContent ?? ''
      // Drawn with the frame that this one begins.
      if (text.includes(marker))
        requestAnimationFrame(() => {
          window.shownAt ??= performance.now()
        })
    }
    requestAnimationFrame(lookForMarker)
  }
  requestAnimationFrame(lookForMarker)
}

const open = async (browser: Browser, url: string): Promise<Page> => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 760 } })
  const page = await context.newPage()
  await page.addInitScript(watch)
  await page.goto(url)
  await page.waitForFunction(() => window.readyAt !== undefined)
  return page
}

const write = async (page: Page, program: string): Promise<void> => {
  await page.locator('.cm-content').click()
  await page.keyboard.press('ControlOrMeta+A')
  await page.keyboard.insertText(program)
}

const untilState = (page: Page, words: RegExp): Promise<void> =>
  page.getByTestId('state').filter({ hasText: words }).waitFor({ timeout: 120_000 })

/** From the navigation with nothing in the browser's cache to a caret in the editor. */
const measureReady = async (browser: Browser, url: string): Promise<Measure> => {
  const values: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const page = await open(browser, url)
    values.push(await page.evaluate(() => window.readyAt ?? Number.NaN))
    await page.context().close()
  }
  return { name: 'navigation → ready to type', ms: median(values), boundMs: 1_000 }
}

/** From the arrival of the first byte in the browser to the frame that shows it. */
const measureFirstByte = async (browser: Browser, url: string): Promise<Measure> => {
  const values: number[] = []
  const page = await open(browser, url)
  for (let round = 0; round < ROUNDS; round += 1) {
    const marker = `marker-${round}-${Date.now()}`
    await page.evaluate((text) => {
      window.marker = text
      window.arrivedAt = undefined
      window.shownAt = undefined
    }, `${marker}!`)
    // The program itself is not what is looked for.
    await write(page, `print("${marker}" + chr(33))`)
    await page.keyboard.press('Control+Enter')
    await page.waitForFunction(() => window.shownAt !== undefined)
    values.push(await page.evaluate(() => (window.shownAt ?? Number.NaN) - (window.arrivedAt ?? Number.NaN)))
    await untilState(page, /Exited/)
  }
  await page.context().close()
  return { name: 'first byte arrives → it is on the screen', ms: median(values), boundMs: 50 }
}

/** The longest that the page did not answer while 100,000 lines came as fast as they can. */
const measureFlood = async (browser: Browser, url: string): Promise<readonly Measure[]> => {
  const page = await open(browser, url)
  await page.getByRole('button', { name: 'Limits' }).click()
  await page.getByLabel('Output, MiB').fill('16')
  await write(page, `for n in range(${LINES}): print(n, "x" * 60)`)
  await page.waitForTimeout(1_500)
  await page.evaluate(() => {
    window.longest = 0
  })
  const start = performance.now()
  await page.keyboard.press('Control+Enter')
  await untilState(page, /Exited 0/)
  const tookMs = performance.now() - start
  const longest = await page.evaluate(() => window.longest)

  await write(page, 'n = 0\nwhile True:\n    n += 1\n    print(n, "x" * 60)')
  await page.keyboard.press('Control+Enter')
  await page.locator('.xterm-rows', { hasText: 'xxxx' }).waitFor()
  const stop = page.getByRole('button', { name: 'Stop' })
  await stop.waitFor()
  const stopMs = await stop.evaluate(async (button) => {
    const from = performance.now()
    if (button instanceof HTMLElement) button.click()
    const state = document.querySelector('[data-testid="state"]')
    while (!/Stopping|Canceled/.test(state?.textContent ?? '')) await new Promise(requestAnimationFrame)
    return performance.now() - from
  })
  await untilState(page, /Canceled/)
  await page.context().close()
  return [
    { name: `${LINES.toLocaleString('en')} lines: longest task`, ms: longest, boundMs: 100 },
    { name: `${LINES.toLocaleString('en')} lines: press → all shown`, ms: tookMs, boundMs: 60_000 },
    { name: 'endless lines: Stop is pressed → the page says so', ms: stopMs, boundMs: 100 },
  ]
}

export const measureRun = async (browser: Browser, url: string): Promise<readonly Measure[]> => [
  await measureReady(browser, url),
  await measureFirstByte(browser, url),
  ...(await measureFlood(browser, url)),
]
