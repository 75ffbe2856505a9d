import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { screenshot, browserTest as test } from '@runnel/testing/browser'
import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { findBarriers } from './find-barriers.ts'
import { useRunPage } from './run-page.ts'

/** Drops files of this machine on the middle of the page, as the system's file manager does. */
const dropFiles = async (page: Page, files: readonly string[]): Promise<void> => {
  const session = await page.context().newCDPSession(page)
  const data = { items: [], files: [...files], dragOperationsMask: 1 }
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await session.send('Input.dispatchDragEvent', { type, x: 400, y: 300, data })
}

/** Pastes text as a person does, where the focus is. */
const paste = async (page: Page, text: string): Promise<void> => {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.evaluate((copied) => navigator.clipboard.writeText(copied), text)
  await page.keyboard.press('ControlOrMeta+V')
}

const ANSWER = [
  'Here is a program that greets:',
  '',
  '```javascript',
  'const names = ["Ada", "Grace"]',
  "for (const name of names) console.log('Hello ' + name)",
  '```',
  '',
  'It uses a loop.',
].join('\n')

describe('A program comes to the Run view', () => {
  test('by dropped files, of which main.py runs', async ({ openConsole, onTestFinished }) => {
    const folder = await mkdtemp(join(tmpdir(), 'runnel-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    await writeFile(join(folder, 'greet.py'), 'def greet(name):\n    print("Hello", name)\n')
    await writeFile(join(folder, 'main.py'), 'from greet import greet\ngreet("files")\n')
    await writeFile(join(folder, 'large.txt'), 'x'.repeat(1_048_577))
    const { page } = await openConsole('/')
    const view = await useRunPage(page)
    await dropFiles(page, [join(folder, 'large.txt')])
    await page.getByText('A program can have 1 MiB of source, and 1 MiB were dropped. Drop less.').waitFor()
    const many = join(folder, 'many')
    await mkdir(many)
    await Promise.all(Array.from({ length: 501 }, (_, n) => writeFile(join(many, `${n}.py`), '')))
    await dropFiles(page, [many])
    await page.getByText('A program can have 500 files, and more were dropped. Drop fewer.').waitFor()
    await dropFiles(page, [join(folder, 'greet.py'), join(folder, 'main.py')])
    await page.getByRole('button', { name: 'greet.py', exact: true }).waitFor()
    await page.getByTitle('main.py, which runs').waitFor()
    await screenshot(page, 'run-files-light-wide')
    await view.run()
    await view.untilOutput('Hello files')
    await view.untilState(/Exited 0/)
  })

  test('by a pasted chat answer, of which its program is taken', async ({ openConsole }) => {
    const { page } = await openConsole('/')
    const view = await useRunPage(page)
    await paste(page, ANSWER)
    await page.getByText('The JavaScript program was taken out of the pasted answer: its lines 4 to 5.').waitFor()
    expect(await view.program()).toBe(
      `const names = ["Ada", "Grace"]\nfor (const name of names) console.log('Hello ' + name)\n`,
    )
    await expect
      .poll(() => page.getByLabel('Language').locator('option:checked').textContent())
      .toBe('JavaScript, detected')
    await screenshot(page, 'run-pasted-light-wide')
    await view.run()
    await view.untilOutput('Hello Grace')
    await page.getByRole('button', { name: 'Keep all of it' }).click()
    expect(await view.program()).toBe(ANSWER)
  })

  test('by typing, and its language is detected, or chosen', async ({ openConsole }) => {
    const { page } = await openConsole('/')
    const view = await useRunPage(page)
    const language = page.getByLabel('Language')
    await view.write('const squares = [1, 2, 3].map((n) => n * n)\nconsole.log(squares.join(" "))\n')
    await expect.poll(() => language.locator('option:checked').textContent()).toBe('JavaScript, detected')
    await view.button('main.js').waitFor()
    await language.selectOption({ label: 'Python' })
    await view.button('main.py').waitFor()
    await view.run()
    await view.untilState(/SyntaxError at main.py:1/)
  })
})

describe('The Run view is for everybody', () => {
  test('by keyboard alone: input, arguments, streams apart, key list, theme', async ({ openConsole }) => {
    const { page } = await openConsole('/')
    const view = await useRunPage(page)
    await page.keyboard.press('ControlOrMeta+A')
    await page.keyboard.insertText('import sys\nprint(sys.argv[1], input())\nprint("apart", file=sys.stderr)\n')
    await page.keyboard.press('Alt+I')
    await page.keyboard.insertText('from the drawer\n')
    await view.button('Input 1 line').waitFor()
    await view.button('Input').focus()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.insertText('one argument')
    await view.button('Separate').focus()
    await page.keyboard.press('Enter')
    await page.keyboard.press('Shift+Enter')
    await view.untilOutput('one argument from the drawer')
    await view.untilState(/Exited 0/)
    await view.button('stderr').focus()
    await page.keyboard.press('Enter')
    await expect.poll(() => view.outputLines()).toEqual(['apart'])
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    await page.keyboard.press('Escape')
    await view.button('Theme: as the system').focus()
    await page.keyboard.press('Enter')
    await page.keyboard.press('Enter')
    expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark')
  })

  test.for([
    ['light', 'wide'],
    ['dark', 'phone'],
  ] as const)('in %s on a %s screen, without barriers that axe finds', async ([colorScheme, size], { openConsole }) => {
    const isPhone = size === 'phone'
    const { page } = await openConsole('/', {
      colorScheme,
      reducedMotion: 'reduce',
      viewport: isPhone ? { width: 390, height: 760 } : { width: 1280, height: 760 },
      hasTouch: isPhone,
      isMobile: isPhone,
      deviceScaleFactor: isPhone ? 2 : 1,
    })
    const view = await useRunPage(page)
    await view.state.filter({ hasText: 'Ready' }).waitFor()
    await screenshot(page, `run-ready-${colorScheme}-${size}`)
    expect(await findBarriers(page)).toEqual([])
    await view.button('Run').click()
    await view.untilOutput('Measuring the Nile')
    await screenshot(page, `run-running-${colorScheme}-${size}`)
    await view.untilState(/Exited 0/)
    await screenshot(page, `run-exited-${colorScheme}-${size}`)
    await view.button('Share').click()
    await page.getByText('Without keys, only people on this machine can open it.').waitFor()
    await screenshot(page, `run-shared-${colorScheme}-${size}`)
    expect(await findBarriers(page)).toEqual([])
  })
})
