import { readFile } from 'node:fs/promises'
import { eventually, startRedis } from '@runnel/testing'
import { browserTest as test } from '@runnel/testing/browser'
import { startSystem } from '@runnel/testing/system'
import { describe, expect } from 'vitest'
import { z } from 'zod'
import { useRunPage } from './run-page.ts'

const frameSchema = z.looseObject({ type: z.literal('event'), event: z.looseObject({ type: z.string() }) })

/** Prints a number every 0.1 s for 6 s: a gap or a repeated line is seen. */
const COUNT = `import time
for n in range(60):
    print("line", n, flush=True)
    time.sleep(0.1)
`
const COUNTED = Array.from({ length: 60 }, (_, n) => `line ${n}`)

describe('The Run view says what is wrong', () => {
  test('for a run that is not there, and one that prints what is no text', async ({ openPage, system }) => {
    const opened = await openPage()
    opened.allow(/Failed to load resource.*404/)
    const { page } = opened
    await page.goto(`${system.url}/r/job_${'0'.repeat(32)}`)
    await page.getByText('This run cannot be shown').waitFor()
    await page.getByTestId('state').filter({ hasText: 'There is no job with this id' }).waitFor()
    // Once above, and once where the program would be.
    expect(await page.getByText('There is no job with this id').count()).toBe(2)
    await page.setViewportSize({ width: 390, height: 844 })
    expect(await page.getByText('This run cannot be shown').isVisible()).toBe(true)
    await page.setViewportSize({ width: 1280, height: 800 })
    await page.getByRole('button', { name: 'Write a new program' }).click()
    const view = await useRunPage(page)
    await view.write('import sys\nsys.stdout.buffer.write(bytes(range(256)))\n')
    await view.button('Separate').click()
    await view.run()
    await view.untilState(/Exited 0/)
    await view.untilOutput('�')
    // The file that is downloaded has the program's own bytes.
    const downloading = page.waitForEvent('download')
    await view.button('Download the output').click()
    const file = await (await downloading).path()
    expect(await readFile(file)).toEqual(Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)))
  })

  test('only for what it knows: an event of a newer server changes nothing', async ({ openPage, system }) => {
    const { page } = await openPage()
    let added = 0
    // All goes between this page and the real server, and one more event after each.
    await page.routeWebSocket(/\/v1\/stream/, (socket) => {
      const server = socket.connectToServer()
      socket.onMessage((message) => server.send(message))
      server.onMessage((message) => {
        socket.send(message)
        const frame = frameSchema.safeParse(JSON.parse(String(message))).data
        if (frame === undefined) return
        added += 1
        socket.send(JSON.stringify({ ...frame, event: { ...frame.event, type: 'from-the-future' } }))
      })
    })
    await page.goto(`${system.url}/`)
    const view = await useRunPage(page)
    await view.write('print("as ever")')
    await view.run()
    await view.untilState(/Exited 0/)
    expect(await view.outputLines()).toEqual(['as ever'])
    expect(added).toBeGreaterThan(0)
  })

  test('when the browser does not let it copy', async ({ openPage, system }) => {
    const { page } = await openPage()
    const session = await page.context().newCDPSession(page)
    await page.goto(`${system.url}/`)
    const view = await useRunPage(page)
    await view.run()
    await view.untilState(/Exited 0/)
    const { targetInfo } = await session.send('Target.getTargetInfo')
    await session.send('Browser.setPermission', {
      browserContextId: targetInfo.browserContextId ?? '',
      permission: { name: 'clipboard-write' },
      setting: 'denied',
      origin: system.url,
    })
    await view.button('Share').click()
    await page.getByText('The browser did not let the page copy. Copy the link yourself:').waitFor()
    const link = page.getByLabel('Link to this run')
    expect(await link.inputValue()).toBe(page.url())
    expect(await link.evaluate((input) => input === document.activeElement)).toBe(true)
  })

  test('and loses nothing while the API restarts, no worker is there, or Redis is away', async ({ openPage }) => {
    await using redis = await startRedis()
    await using system = await startSystem({ redisUrl: redis.url, prefix: '{page}' })
    const opened = await openPage()
    // The browser itself reports requests and sockets that fail, which they do here.
    opened.allow(/Failed to load resource|WebSocket connection/)
    const { page } = opened
    await page.goto(`${system.url}/`)
    const view = await useRunPage(page)

    await view.write(COUNT)
    await view.run()
    await view.untilOutput(/^line 5$/)
    system.api.signal('SIGKILL')
    await system.api.exited
    await view.untilState('Connection lost, the run goes on')
    await system.startApi()
    await view.untilState(/Exited 0/)
    await view.untilOutput(/^line 59$/)
    await view.button('Read as text').click()
    expect((await page.locator('pre').textContent())?.trim().split('\n')).toEqual(COUNTED)
    await view.button('Read as text').click()

    const [worker] = system.workers
    worker?.signal('SIGTERM')
    await worker?.exited
    await view.write('print("waited for a worker")')
    await view.run()
    await page.getByText('No worker takes jobs. The run waits until one starts.').waitFor()
    await system.startWorker()
    await view.untilOutput('waited for a worker')
    await view.untilState(/Exited 0/)

    await redis.kill()
    await view.write('print("Redis is back")')
    await view.run()
    // The API waits for Redis for a while, and the client sends it four times.
    await view.untilState(/Runnel refused it/, 60_000)
    expect(await view.program()).toBe('print("Redis is back")')
    await redis.start()
    await eventually(
      async () => {
        await view.run()
        await page.locator('.xterm-rows', { hasText: 'Redis is back' }).waitFor({ timeout: 2_000 })
      },
      { withinMs: 30_000 },
    )
  }, 180_000)
})
