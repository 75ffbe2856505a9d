import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { terminalTest as test } from './terminal-page.ts'

const text = (page: Page): Promise<string> => page.evaluate(() => window.terminal.text())
const run = (page: Page, code: string, submission: object = {}): Promise<string> =>
  page.evaluate(([given, more]) => window.terminal.run({ code: given, language: 'python', ...more }), [
    code,
    submission,
  ] as const)
const untilEnded = (page: Page, sentence: RegExp): Promise<void> =>
  page.locator('.runnel-sentence', { hasText: sentence }).waitFor()

/** A program on a terminal prints each text and asks where the cursor is then: the cells that the text took. */
const CELLS = `
import sys, termios, tty
tty.setraw(0)
def ask(question, end):
    sys.stdout.write(question); sys.stdout.flush()
    answer = ""
    while not answer.endswith(end): answer += sys.stdin.read(1)
    return answer
cells = []
for text in ["a", "é", "✅", "漢", "👩‍👩‍👧", "👍🏽", "❤️", "e\\u0301"]:
    cells.append(int(ask("\\r" + text + "\\x1b[6n", "R").split(";")[1][:-1]) - 1)
mode = ask("\\x1b[?2026$p", "y")
print("\\r\\x1b[K" + repr(cells) + " " + repr(mode) + "\\r")
`

describe('A program on a terminal', () => {
  test('finds that characters take the cells it expects, and gets answers to its questions', async ({
    openTerminal,
  }) => {
    const { page } = await openTerminal()
    await run(page, CELLS, { tty: true })
    await untilEnded(page, /^Exited 0/)
    expect(await text(page)).toBe(String.raw`[1, 1, 2, 2, 2, 2, 2, 1] '\x1b[?2026;2$y'`)
  })

  test('edits its own line, is interrupted with Ctrl+C, and learns the size of the screen', async ({
    openTerminal,
  }) => {
    const { page } = await openTerminal({}, { viewport: { width: 900, height: 480 } })
    const code = [
      'import os, signal, sys',
      'show = lambda *_: print("size", *os.get_terminal_size(), flush=True)',
      'show()',
      'signal.signal(signal.SIGWINCH, show)',
      'print("got", repr(input("name: ")))',
      'try: signal.pause(), signal.pause()',
      'except KeyboardInterrupt: print("interrupted")',
    ].join('\n')
    await run(page, code, { tty: true })
    await expect.poll(() => text(page)).toContain('name:')
    await page.evaluate(() => window.terminal.focus())
    await page.keyboard.type('Adx')
    await page.keyboard.press('Backspace')
    await page.keyboard.type('a')
    await page.keyboard.press('Enter')
    await expect.poll(() => text(page)).toContain("got 'Ada'")

    const [, cols] = /^size (\d+) \d+$/m.exec(await text(page)) ?? []
    await page.setViewportSize({ width: 500, height: 480 })
    await expect.poll(() => text(page)).toMatch(/interrupted|got 'Ada'\nsize \d+ \d+$/)
    const sizes = [...(await text(page)).matchAll(/^size (\d+) (\d+)$/gm)].map(([, width]) => Number(width))
    expect(sizes.length).toBe(2)
    expect(sizes[1]).toBeLessThan(Number(cols))

    await page.keyboard.press('Control+C')
    await untilEnded(page, /^Exited 0/)
    expect(await text(page)).toMatch(/\^Cinterrupted$/)
    await page.keyboard.type('x')
    await page.getByText('Not sent: the program has ended.').waitFor()
  })

  test('gets Tab, and the keyboard leaves it with Esc Esc and comes back with Enter', async ({ openTerminal }) => {
    const { page } = await openTerminal()
    await run(page, 'import sys\nfor line in sys.stdin: print(repr(line))', { tty: true })
    await untilEnded(page, /^Running/)
    await page.evaluate(() => window.terminal.focus())
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await expect.poll(() => text(page)).toContain(String.raw`'\t\n'`)
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    await page.getByText('You left the terminal.', { exact: false }).waitFor()
    const isOnScreen = (): Promise<boolean> =>
      page.evaluate(() => document.activeElement?.classList.contains('runnel-screen') === true)
    expect(await isOnScreen()).toBe(true)
    await page.keyboard.press('Enter')
    expect(await isOnScreen()).toBe(false)
    await page.getByRole('button', { name: 'Stop the program' }).click()
    await untilEnded(page, /^Canceled/)
  })

  test('is not answered twice: a page that shows it again says nothing until somebody types', async ({
    openTerminal,
    system,
  }) => {
    const code = [
      'import os, sys, tty',
      'tty.setraw(0)',
      'print("\\x1b[6n", end="", flush=True)',
      'os.read(0, 100)',
      'print("answered\\r", flush=True)',
      'got = b""',
      'while not got.endswith(b"go"): got += os.read(0, 100)',
      'print(repr(got), "\\r")',
    ].join('\n')
    const { page } = await openTerminal()
    const jobId = await run(page, code, { tty: true })
    await expect.poll(() => text(page)).toContain('answered')
    const again = await openTerminal({ jobId })
    await again.page.locator('.xterm-rows', { hasText: 'answered' }).waitFor()
    await system.call('POST', `/v1/jobs/${jobId}/stdin`, { data: 'go' })
    await untilEnded(page, /^Exited 0/)
    expect((await text(page)).trimEnd()).toBe("answered\nb'go'")
  })
})

describe('A program without a terminal', () => {
  test('reads lines that are edited and echoed here, and the end of input', async ({ openTerminal }) => {
    const { page } = await openTerminal()
    await run(page, 'import sys\nprint("ready", flush=True)\nprint(repr(sys.stdin.read()))')
    await expect.poll(() => text(page)).toContain('ready')
    await page.evaluate(() => window.terminal.focus())
    await page.keyboard.type('onX')
    await page.keyboard.press('Backspace')
    await page.keyboard.type('e')
    await page.keyboard.press('Enter')
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('Enter')
    await page.keyboard.type('last')
    await page.keyboard.press('Control+D')
    await page.keyboard.press('Control+D')
    await untilEnded(page, /^Exited 0/)
    expect(await text(page)).toBe(String.raw`ready${'\n'}one${'\n'}one${'\n'}last'one\none\nlast'`)
  })

  test('gets SIGINT for Ctrl+C, unless something is selected: then it is copied', async ({ openTerminal }) => {
    const permissions = ['clipboard-read', 'clipboard-write']
    const { page } = await openTerminal({}, { permissions })
    const code =
      'import time\nprint("ready", flush=True)\ntry: time.sleep(30)\nexcept KeyboardInterrupt: print("interrupted")'
    await run(page, code)
    await expect.poll(() => text(page)).toContain('ready')
    await page.locator('.xterm-screen').dblclick({ position: { x: 10, y: 8 } })
    await page.keyboard.press('Control+C')
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe('ready')
    await page.evaluate(() => window.terminal.focus())
    await page.keyboard.press('Control+C')
    await untilEnded(page, /^Exited 0/)
    expect(await text(page)).toBe('ready\n^C\ninterrupted')
  })

  test('that takes no input says so when somebody types', async ({ openTerminal }) => {
    const { page } = await openTerminal()
    await run(page, 'import time\ntime.sleep(30)', { interactive: false })
    await untilEnded(page, /^Running/)
    await page.evaluate(() => window.terminal.focus())
    await page.keyboard.type('x')
    await page.getByText('Not sent: this program was started without input (interactive).').waitFor()
    await page.getByRole('button', { name: 'Stop the program' }).click()
    await untilEnded(page, /^Canceled/)
  })
})
