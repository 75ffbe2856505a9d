import { screenshot } from '@runnel/testing/browser'
import { describe, expect } from 'vitest'
import { terminalTest as test } from './terminal-page.ts'

/** A progress bar, colours, a link, wide characters, and two lines of stderr; then it asks for a name. */
const CODE = `
import sys, time
print("\\x1b[31mred\\x1b[0m \\x1b[1;32mbold green\\x1b[0m \\x1b[44mblue\\x1b[0m ┌──┐ ✅ 漢字 👩‍👩‍👧")
print("\\x1b]2;a \\u202etitle\\x07https://example.com/a?b=c", end=" ")
print("\\x1b]8;;https://example.org/real\\x1b\\\\here\\x1b]8;;\\x1b\\\\")
for i in range(1, 51):
    print(f"\\r[{'█' * (i // 2):<25}] {i * 2}%", end="", flush=True)
    time.sleep(0.005)
print()
print("to stderr", file=sys.stderr, flush=True)
print("and more", file=sys.stderr, flush=True)
time.sleep(0.2)
name = input("Your name: ")
print("Hello,", name)
`
const BEFORE_INPUT = [
  'red bold green blue ┌──┐ ✅ 漢字 👩‍👩‍👧',
  'https://example.com/a?b=c here',
  `[${'█'.repeat(25)}] 100%`,
  'to stderr',
  'and more',
]
const WIDE = { width: 900, height: 480 }

describe('A program in a terminal', () => {
  test('is shown as it prints, gets what is typed, and ends in words', async ({ openTerminal, system }) => {
    const { page } = await openTerminal({}, { viewport: WIDE, colorScheme: 'light' })
    const run = page.evaluate((code) => window.terminal.run({ code, language: 'python' }), CODE)
    await page.getByText('Your name:').waitFor()
    const line = page.getByRole('textbox', { name: 'Input for the program' })
    await line.pressSequentially('Ada')
    await screenshot(page, 'terminal-typing')
    await line.press('Enter')
    await page.locator('.runnel-sentence', { hasText: /^Exited 0 after / }).waitFor()

    const text = await page.evaluate(() => window.terminal.text())
    expect(text.split('\n')).toEqual([...BEFORE_INPUT, 'Your name: Ada', 'Hello, Ada'])
    expect(await page.locator('.runnel-title').textContent()).toBe('a title')
    await screenshot(page, 'terminal-light')
    await page.emulateMedia({ colorScheme: 'dark' })
    await screenshot(page, 'terminal-dark')

    // The same job in another page: what was printed, without what was typed, which no log has.
    const again = await openTerminal({ jobId: await run }, { viewport: WIDE })
    await again.page.locator('.runnel-sentence', { hasText: /^Exited 0 after / }).waitFor()
    await again.page.getByText('Your name: Hello, Ada').waitFor()
    const job = await system.read(await run)
    expect(job.outcome).toEqual({ type: 'exited', exitCode: 0 })
  })

  test('marks the rows of stderr, and shows one stream alone', async ({ openTerminal }) => {
    const code = [
      'import sys, time',
      'for stream in (sys.stdout, sys.stderr, sys.stderr, sys.stdout):',
      '    print(stream.name, file=stream, flush=True)',
      // Two pipes have an order only if there is time between.
      '    time.sleep(0.2)',
    ].join('\n')
    const { page } = await openTerminal()
    await page.evaluate((text) => window.terminal.run({ code: text, language: 'python' }), code)
    await page.locator('.runnel-sentence', { hasText: /^Exited 0/ }).waitFor()
    const [mark] = await page.locator('.runnel-stderr').all()
    const row = await page.locator('.xterm-rows > div').nth(1).boundingBox()
    const box = await mark?.boundingBox()
    expect({ y: box?.y, height: box?.height }).toEqual({ y: row?.y, height: (row?.height ?? 0) * 2 })

    const show = (stream: 'stdout' | 'stderr') => page.evaluate((name) => window.terminal.showStream(name), stream)
    await show('stderr')
    await expect.poll(() => page.evaluate(() => window.terminal.text())).toBe('<stderr>\n<stderr>')
    await show('stdout')
    await expect.poll(() => page.evaluate(() => window.terminal.text())).toBe('<stdout>\n<stdout>')
  })

  test('can be searched, copied, and read as text', async ({ openTerminal }) => {
    const code = 'for i in range(1500): print("line", i)'
    const { page } = await openTerminal({}, { permissions: ['clipboard-read', 'clipboard-write'] })
    await page.evaluate((text) => window.terminal.run({ code: text, language: 'python' }), code)
    await page.locator('.runnel-sentence', { hasText: /^Exited 0/ }).waitFor()
    const lines = Array.from({ length: 1500 }, (_, at) => `line ${at}`)

    await page.getByRole('button', { name: 'Copy all of the output' }).click()
    await page.getByText('Copied.').waitFor()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(lines.join('\n'))

    await page.getByRole('button', { name: /^Find in the output/ }).click()
    await page.getByRole('searchbox').fill('line 149')
    await page.getByText('of 11', { exact: false }).waitFor()
    await page.keyboard.press('Escape')

    await page.getByRole('button', { name: 'Read the output as text' }).click()
    const text = page.getByRole('region', { name: 'Output as text' })
    expect((await text.textContent())?.split('\n')).toEqual(['The last 1000 lines:', ...lines.slice(500)])
    await expect.poll(() => text.evaluate((element) => document.activeElement === element)).toBe(true)
  })

  test('says so when the browser refuses to copy', async ({ openTerminal }) => {
    const { page } = await openTerminal()
    await page.evaluate(() => {
      Object.defineProperty(navigator, 'clipboard', { value: undefined })
      return window.terminal.run({ code: 'print("to copy")', language: 'python' })
    })
    await page.locator('.runnel-sentence', { hasText: /^Exited 0/ }).waitFor()
    await page.getByRole('button', { name: 'Copy all of the output' }).click()
    await page.getByText('The browser refused to copy. All of the output is selected now').waitFor()
  })

  test('is shown without gap or repeat when the connection is lost in the middle', async ({ openTerminal }) => {
    const { page } = await openTerminal()
    const sockets: { close: () => Promise<void> }[] = []
    await page.routeWebSocket('**/v1/stream', (socket) => {
      socket.connectToServer()
      sockets.push(socket)
    })
    const code = 'import time\nfor i in range(40):\n    print(i, flush=True)\n    time.sleep(0.05)'
    await page.evaluate((text) => window.terminal.run({ code: text, language: 'python' }), code)
    await expect.poll(() => page.evaluate(() => window.terminal.text())).toMatch(/^9$/m)
    await sockets[0]?.close()
    await page.locator('.runnel-sentence', { hasText: /^Exited 0/ }).waitFor()
    expect(sockets.length).toBeGreaterThan(1)
    const lines = Array.from({ length: 40 }, (_, at) => String(at))
    expect((await page.evaluate(() => window.terminal.text())).split('\n')).toEqual(lines)
  })

  test('is submitted once and told once, though the terminal is taken off the page and put back', async ({
    openTerminal,
  }) => {
    const { page } = await openTerminal()
    const submissions: string[] = []
    page.on('request', (request) => {
      if (request.method() === 'POST' && request.url().endsWith('/v1/jobs')) submissions.push(request.url())
    })
    const told = await page.evaluate(async () => {
      const { client, createTerminal } = window
      const ids: string[] = []
      const { promise: finished, resolve } = Promise.withResolvers<void>()
      const terminal = createTerminal({
        client,
        onEvent: (event) => {
          ids.push(event.id)
          if (event.type === 'finished') resolve()
        },
      })
      const element = document.createElement('div')
      document.body.append(element)
      const detach = terminal.attach(element)
      const submitted = terminal.run({ code: 'print(1)', language: 'python' })
      detach()
      terminal.attach(element)
      await submitted
      await finished
      return ids
    })
    expect(submissions.length).toBe(1)
    expect(told).toEqual([...new Set(told)])
    expect(told.at(0)).toBe('0-1')
  })

  test('has the links of its page in it, also in a line that goes on in the next row', async ({ openTerminal }) => {
    const { page } = await openTerminal({}, { viewport: { width: 500, height: 300 } })
    await page.evaluate(() => {
      const element = document.createElement('div')
      element.style.height = '300px'
      document.body.replaceChildren(element)
      const linksOf = (line: string) => {
        const start = line.indexOf('File')
        const end = line.indexOf(', and')
        const act = (): void => document.body.append(`pressed: ${line.slice(start, end)}`)
        return start < 0 ? [] : [{ start, end, title: 'Go to line 7', act }]
      }
      const terminal = window.createTerminal({ client: window.client, linksOf })
      terminal.attach(element)
      return terminal.run({
        code: `print("漢字 " * 10, 'File "/workspace/main.py", line 7, and more')`,
        language: 'python',
      })
    })
    const part = page.locator('.xterm-rows span', { hasText: 'line 7' })
    await part.waitFor()
    const place = await part.evaluate((span) => {
      const [node] = span.childNodes
      const range = document.createRange()
      if (node === undefined) throw new Error('The row has no text')
      range.setStart(node, node.textContent?.indexOf('line 7') ?? 0)
      range.setEnd(node, (node.textContent?.indexOf('line 7') ?? 0) + 1)
      const { x, y } = range.getBoundingClientRect()
      return { x: x + 2, y: y + 4 }
    })
    await page.mouse.move(place.x + 40, place.y + 60)
    await page.mouse.move(place.x, place.y)
    await page.locator('.runnel-target', { hasText: 'Go to line 7' }).waitFor()
    await page.mouse.down()
    await page.mouse.up()
    await page.getByText('pressed: File "/workspace/main.py", line 7').waitFor()
  })
})
