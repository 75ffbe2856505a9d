import { browserTest as test } from '@runnel/testing/browser'
import { describe, expect } from 'vitest'
import { useRunPage } from './run-page.ts'

/** Prints a number every 0.1 s: a gap or a repeated line is seen. */
const COUNT = `import time
for n in range(40):
    print("line", n, flush=True)
    time.sleep(0.1)
`
const COUNTED = Array.from({ length: 40 }, (_, n) => `line ${n}`)

describe('The Run view', () => {
  test('has a program ready, runs it by a key, and finds the run again by its address', async ({
    openConsole,
    openPage,
  }) => {
    const { page } = await openConsole('/')
    const view = await useRunPage(page)
    expect(await page.evaluate(() => document.activeElement?.classList.contains('cm-content'))).toBe(true)
    expect((await view.program()).split('\n')).toHaveLength(7)
    expect(await page.getByLabel('Language').locator('option:checked').textContent()).toBe('Python, detected')

    await view.run()
    await view.untilState(/Exited 0 after/)
    expect(await view.outputLines()).toContain('Measuring the Danube …')
    expect((await view.outputLines()).at(-1)).toMatch(/^Thames {5}346 km {2}━$/)
    expect(await page.title()).toBe('● Exited 0 – main.py')
    const jobId = view.jobId()
    expect(jobId).toMatch(/^job_[0-9a-f]{32}$/)

    const other = await openPage()
    await other.page.goto(page.url())
    const watched = await useRunPage(other.page)
    await watched.untilState(/Exited 0 after/)
    await watched.untilOutput('Thames')
    expect(await watched.program()).toBe(await view.program())
    expect(await other.page.locator('.cm-content').getAttribute('aria-readonly')).toBe('true')
    await watched.button('Edit a copy').click()
    await watched.write('print("mine now")')
    await watched.run()
    await watched.untilOutput('mine now')
    expect(watched.jobId()).not.toBe(jobId)
  })

  test('keeps what is typed, and a run that goes on, through a reload', async ({ openConsole }) => {
    const { page } = await openConsole('/')
    const view = await useRunPage(page)
    await view.write(COUNT)
    await view.run()
    await view.untilOutput(/^line 5$/)
    const jobId = view.jobId()
    await page.reload()
    const again = await useRunPage(page)
    expect(await again.program()).toBe(COUNT)
    expect(again.jobId()).toBe(jobId)
    await again.untilState(/Exited 0/)
    await again.untilOutput(/^line 39$/)
    const lines = await again.outputLines()
    expect(lines).toEqual(COUNTED.slice(-lines.length))
    await again.button('Read as text').click()
    expect((await page.locator('pre').textContent())?.trim().split('\n')).toEqual(COUNTED)
  })

  test('takes input on its terminal, and stops by a button that two tabs press', async ({ openConsole, openPage }) => {
    const { page } = await openConsole('/')
    const view = await useRunPage(page)
    await view.write('name = input("Who? ")\nprint("Hello", name)\nwhile True: pass\n')
    await view.run()
    await view.untilOutput('Who?')
    await page.keyboard.press('Control+`')
    await page.keyboard.type('Ada')
    await page.keyboard.press('Enter')
    await view.untilOutput('Hello Ada')

    const other = await openPage()
    await other.page.goto(page.url())
    const second = await useRunPage(other.page)
    await second.untilState(/Running/)
    // At the same time: the button goes when the other tab has been faster.
    const press = (button: SVGElement | HTMLElement) => button.dispatchEvent(new MouseEvent('click', { bubbles: true }))
    const buttons = await Promise.all([view, second].map((each) => each.button('Stop').elementHandle()))
    await Promise.all(buttons.map((button) => button?.evaluate(press)))
    await view.untilState(/Canceled after/)
    await second.untilState(/Canceled after/)
  })

  test('leads from an error to its line, and says what a limit did and how to raise it', async ({ openConsole }) => {
    const { page } = await openConsole('/')
    const view = await useRunPage(page)
    await view.write('def half(n):\n    return n / (n - n)\n\nprint(half(4))\n')
    await view.run()
    await view.untilState('ZeroDivisionError at main.py:2')
    await view.button('Go to main.py:2').click()
    expect(await page.locator('.cm-activeLineGutter').textContent()).toBe('2')
    const outer = await page.locator('.xterm-rows > div', { hasText: 'line 4' }).boundingBox()
    if (outer === null) throw new Error('The trace is not on the screen')
    await page.mouse.move(outer.x + 100, outer.y + outer.height / 2)
    await page.getByText('Go to main.py:4').waitFor()
    await page.mouse.click(outer.x + 100, outer.y + outer.height / 2)
    await expect.poll(() => page.locator('.cm-activeLineGutter').textContent()).toBe('4')
    await page.keyboard.press('F8')
    await expect.poll(() => page.locator('.cm-activeLineGutter').textContent()).toBe('2')
    await page.keyboard.press('F8')
    await expect.poll(() => page.locator('.cm-activeLineGutter').textContent()).toBe('4')

    await view.write('print("a lot")\nkeep = [bytearray(1_000_000) for _ in range(100)]\nprint("enough")\n')
    await view.button('Limits').click()
    await page.getByLabel('Memory, MiB').fill('64')
    await view.run()
    await view.untilState('Killed at its memory limit of 64 MiB')
    await view.button('Run with 128 MiB').click()
    await view.untilOutput('enough')
    await view.untilState(/Exited 0/)
    expect(await view.button(/^Limits/).textContent()).toBe('Limits 128 MiB')
  })
})
