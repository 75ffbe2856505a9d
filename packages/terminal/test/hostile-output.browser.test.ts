import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { terminalTest as test } from './terminal-page.ts'

const ST = '\x1b\\'
const BEL = '\x07'

/** What a program may print to reach out of its terminal. The first one empties the screen. */
const ATTACKS: Readonly<Record<string, string>> = {
  'scroll often, and reset': `${'\x1b[20S\x1b[20T\x1b[20L\x1b[20M'.repeat(500)}\x1bc\x1b[!p`,
  'write the clipboard': `\x1b]52;c;aGFja2Vk${BEL}`,
  'read the clipboard': `\x1b]52;c;?${BEL}`,
  'write the primary selection': `\x1b]52;p;aGFja2Vk${ST}`,
  'set the title': `\x1b]0;hacked${BEL}\x1b]2;hacked${ST}`,
  'report the title': '\x1b[21t\x1b[20t',
  'report and change the window':
    '\x1b[8;1;1t\x1b[3;0;0t\x1b[1t\x1b[2t\x1b[9;1t\x1b[11t\x1b[13t\x1b[14t\x1b[18t\x1b[19t\x1b[22;0t',
  'ask what the terminal is': '\x1b[c\x1b[0c\x1b[>c\x1b[=c\x1b[>q\x1bZ',
  'ask how it is and where the cursor is': '\x1b[5n\x1b[6n\x1b[?6n\x1b[?15n\x1b[?25n\x1b[?996n',
  'ask for modes': '\x1b[?2026$p\x1b[?1$p\x1b[4$p\x1b[?2004$p',
  'ask for settings': `\x1bP$qm${ST}\x1bP$q"p${ST}\x1bP+q544e${ST}`,
  'ask for colours': `\x1b]4;1;?${BEL}\x1b]10;?${BEL}\x1b]11;?${BEL}\x1b]12;?${ST}`,
  'ask for keys, mouse and focus to be reported':
    '\x1b[?9h\x1b[?1000h\x1b[?1002h\x1b[?1003h\x1b[?1004h\x1b[?1006h\x1b[>1u\x1b[>4;2m',
  'link to a script': `\x1b]8;;javascript:window.hacked=1${ST}javascript link\x1b]8;;${ST}`,
  'link to a file': `\x1b]8;;file:///etc/passwd${ST}file link\x1b]8;;${ST}`,
  notify: `\x1b]9;hacked${BEL}\x1b]777;notify;hacked;hacked${BEL}\x1b]99;;hacked${ST}`,
  'run a command of another terminal': `\x1b]1337;File=name=eA==;inline=1:eA==${BEL}\x1b]1337;CopyToClipboard=;${BEL}\x1b]50;?${BEL}`,
  'hide behind HTML': '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>',
  'never end a sequence': `\x1b]0;${'x'.repeat(100_000)}\x18`,
  'print 50,000 parameters': `\x1b[${'1;'.repeat(50_000)}m`,
  'repeat two billion times':
    '\x1b[2147483647S\x1b[2147483647T\x1b[2147483647L\x1b[2147483647M\x1b[2147483647I\x1b[2147483647Z x\x1b[2147483647b\x1b[2147483647@\x1b[2147483647P\x1b[2147483647X',
  'join 5,000 people to one character': '👨\u200d'.repeat(5_000),
  'put 20,000 marks on a letter': `a${'\u0301'.repeat(20_000)}`,
  'stop the drawing': '\x1b[?2026h',
  'print what is no text': '\x00\x01\x02\x05\x0e\x0f\x7f\x84\x90\x9b\x9c\x9d',
}

const BEFORE = 'copied before'

/** CAN ends what an attack left open. */
const OUTPUT = Object.entries(ATTACKS)
  .map(([name, attack]) => `${attack}\x18\x1b[0m\ndrawn after: ${name}\n`)
  .join('')

const print = (text: string): string =>
  `import base64, sys\nsys.stdout.buffer.write(base64.b64decode("${Buffer.from(text).toString('base64')}"))\nsys.stdout.flush()\n`

const facts = (page: Page) =>
  page.evaluate(async () => ({
    clipboard: await navigator.clipboard.readText(),
    title: document.title,
    path: location.pathname,
    hacked: 'hacked' in window,
  }))
const text = (page: Page): Promise<string> => page.evaluate(() => window.terminal.text())

describe('Hostile output', () => {
  test('of a program without a terminal reaches nothing outside of the screen, and nothing comes back as input', async ({
    openTerminal,
  }) => {
    const { page } = await openTerminal({}, { permissions: ['clipboard-read', 'clipboard-write'] })
    const opened: string[] = []
    page.context().on('page', (other) => opened.push(other.url()))
    page.on('dialog', (dialog) => opened.push(dialog.message()))
    await page.evaluate((copied) => navigator.clipboard.writeText(copied), BEFORE)
    const untouched = await facts(page)

    const code = `${print(OUTPUT)}print("input", repr(sys.stdin.read()))`
    await page.evaluate((given) => window.terminal.run({ code: given, language: 'python' }), code)
    const last = `drawn after: ${Object.keys(ATTACKS).at(-1)}`
    await expect.poll(() => text(page), { timeout: 15_000 }).toContain(last)
    // Focus and mouse are what terminals report about.
    await page.locator('.runnel-pane').click({ position: { x: 5, y: 5 } })
    await page.evaluate(() => window.terminal.endInput())
    await page.locator('.runnel-sentence', { hasText: /^Exited 0/ }).waitFor()
    const lines = (await text(page)).split('\n')
    const drawn = lines.flatMap((line) => /drawn after: (.*)$/.exec(line)?.[1] ?? [])
    expect(drawn).toEqual(Object.keys(ATTACKS))
    expect(lines.at(-1)).toBe("input ''")
    expect(await facts(page)).toEqual(untouched)
    expect(opened).toEqual([])
    expect(untouched).toEqual({
      clipboard: BEFORE,
      title: 'A page with a terminal',
      path: '/terminal-test/',
      hacked: false,
    })
  })

  test('of a program with a terminal gets answers about the terminal alone', async ({ openTerminal }) => {
    const { page } = await openTerminal({}, { permissions: ['clipboard-read', 'clipboard-write'] })
    await page.evaluate((copied) => navigator.clipboard.writeText(copied), BEFORE)
    const untouched = await facts(page)
    const names = [
      'read the clipboard',
      'write the clipboard',
      'set the title',
      'report the title',
      'report and change the window',
    ]
    const attack = names.map((name) => ATTACKS[name]).join('')
    const code = [
      'import os, tty',
      'tty.setraw(0)',
      print(attack),
      'os.write(1, b"\x1b[5n")',
      'got = b""',
      'while not got.endswith(b"n"): got += os.read(0, 1000)',
      'print(repr(got), "\\r")',
    ].join('\n')
    await page.evaluate((given) => window.terminal.run({ code: given, language: 'python', tty: true }), code)
    await page.locator('.runnel-sentence', { hasText: /^Exited 0/ }).waitFor()
    expect((await text(page)).trim()).toBe(String.raw`b'\x1b[0n'`)
    expect(await facts(page)).toEqual(untouched)
  })

  test('is not followed: a link opens only if it is http, and shows first where it leads', async ({ openTerminal }) => {
    const { page } = await openTerminal()
    const link = (target: string, name: string): string => `\x1b]8;;${target}${ST}${name}\x1b]8;;${ST}`
    const lines = [
      link('javascript:window.hacked=1', 'script'),
      link('https://example.org/real?a=1', 'lie'),
      'https://example.com/plain',
    ]
    const code = print(lines.join('\n'))
    await page.evaluate((given) => window.terminal.run({ code: given, language: 'python' }), code)
    await page.locator('.runnel-sentence', { hasText: /^Exited 0/ }).waitFor()
    await page
      .context()
      .route(/example\.(org|com)/, (route) => route.fulfill({ body: String(route.request().headers()['referer']) }))
    const rows = page.locator('.xterm-rows > div')
    const press = async (row: number, target?: string): Promise<void> => {
      const box = await rows.nth(row).boundingBox()
      await page.mouse.move((box?.x ?? 0) + 300, (box?.y ?? 0) + 8)
      await page.mouse.move((box?.x ?? 0) + 12, (box?.y ?? 0) + 8)
      if (target !== undefined) await page.locator('.runnel-target', { hasText: target }).waitFor()
      await page.mouse.down()
      await page.mouse.up()
    }

    await press(0)
    await press(1, 'https://example.org/real?a=1')
    await page.getByText('This link leads to https://example.org/real?a=1').waitFor()
    const [asked] = await Promise.all([
      page.context().waitForEvent('page'),
      page.getByRole('button', { name: 'Open https://example.org/real?a=1' }).click(),
    ])
    const [plain] = await Promise.all([page.context().waitForEvent('page'), press(2, 'https://example.com/plain')])
    for (const [other, url] of [
      [asked, 'https://example.org/real?a=1'],
      [plain, 'https://example.com/plain'],
    ] as const) {
      await other.waitForLoadState()
      expect(other.url()).toBe(url)
      // Neither a way back to this page, nor its address.
      expect(await other.evaluate(() => [window.opener, document.body.textContent])).toEqual([null, 'undefined'])
    }
    expect(await page.evaluate(() => 'hacked' in window)).toBe(false)
  })
})
