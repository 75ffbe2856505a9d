import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { eventually } from '@runnel/testing'
import { browserTest as test } from '@runnel/testing/browser'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { type Packed, packClient } from './packed.ts'

interface Example {
  readonly heading: string
  readonly code: string
  /** What it prints, as the README says. */
  readonly prints: string
}

const README = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')
const EXAMPLES: readonly Example[] = README.split(/^## /m).flatMap((section) =>
  [...section.matchAll(/^```js\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?/gms)].map(([, code = '', prints = '']) => ({
    heading: section.split('\n', 1)[0] ?? '',
    code,
    prints,
  })),
)
const TICKETS = EXAMPLES.filter(({ heading }) => heading === 'In a web page')
const EVERYWHERE = EXAMPLES.filter((example) => !TICKETS.includes(example))

const at = (url: string, code: string): string => code.replaceAll('http://127.0.0.1:8080', url)

let packed: Packed
beforeAll(async () => {
  packed = await packClient()
})
afterAll(() => packed[Symbol.asyncDispose]())

/** The page does not come over the network, so Chromium asks a person whether it may call this machine. */
const PAGE = { permissions: ['local-network-access'] }
const FOLDER = '/packed-client'
const IMPORTS = { '@runnel/client': `${FOLDER}/index.js`, '@runnel/client/run-state': `${FOLDER}/run-state.js` }

/** Runs a module in a page of the API's own origin, with the files of the tarball beside it. Resolves with what it printed. */
const runInPage = async (page: Page, url: string, code: string): Promise<string> => {
  const lines: string[] = []
  page.on('console', (message) => lines.push(`${message.text()}\n`))
  const dist = join(packed.folder, 'node_modules/@runnel/client/dist')
  await page.route(`${url}${FOLDER}/**`, async (route) => {
    const path = new URL(route.request().url()).pathname.slice(FOLDER.length)
    if (path !== '/page.html') {
      await route.fulfill({ contentType: 'text/javascript', body: await readFile(join(dist, path), 'utf8') })
      return
    }
    const map = JSON.stringify({ imports: IMPORTS })
    const script = `${code}\ndocument.title = 'done'`
    const body = `<script type="importmap">${map}</script><script type="module">${script}</script>`
    await route.fulfill({ contentType: 'text/html; charset=utf-8', body })
  })
  await page.goto(`${url}${FOLDER}/page.html`)
  await page.waitForFunction(() => document.title === 'done', undefined, { timeout: 45_000 })
  return lines.join('')
}

describe.each(EVERYWHERE)('The example of "$heading"', ({ code, prints }) => {
  test('prints in Node what the README says', async ({ system }) => {
    expect(await packed.runNode(at(system.url, code))).toBe(prints)
  })

  test('prints the same in Chromium', async ({ system, openPage }) => {
    const { page, allow } = await openPage(PAGE)
    // Chromium notes every refused request on the console, the refusal of the example too.
    if (prints.startsWith('400')) allow(/status of 400/)
    const printed = await runInPage(page, system.url, at(system.url, code))
    expect(printed.replace(/^Failed to load resource.*\n/m, '')).toBe(prints)
  })
})

const findFreePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('A TCP server without a port')
  return address.port
}

test('The examples of tickets run together: a server with a key, and a page without', async ({
  lockedSystem,
  openPage,
}) => {
  const [server, inPage] = TICKETS
  if (server === undefined || inPage === undefined) throw new Error('The README has no example of tickets')
  const port = await findFreePort()
  const code = at(lockedSystem.url, server.code).replace('.listen(3000)', `.listen(${port}, '127.0.0.1')`)
  const env = { PATH: process.env['PATH'], API_KEY: lockedSystem.key }
  const child: ChildProcess = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    cwd: packed.folder,
    env,
    stdio: 'inherit',
  })
  try {
    const { page } = await openPage(PAGE)
    const issue = (need: string | null): Promise<string> =>
      fetch(`http://127.0.0.1:${port}`, { method: 'POST', body: need }).then((answer) => answer.text())
    await eventually(() => issue('{"submissions": true}'))
    await page.route('**/runnel-ticket', async (route) => {
      await route.fulfill({ body: await issue(route.request().postData()) })
    })
    expect(await runInPage(page, lockedSystem.url, at(lockedSystem.url, inPage.code))).toBe(inPage.prints)
  } finally {
    child.kill()
    await once(child, 'exit')
  }
})

test('A key in a page works too, by tickets that the client makes with it', async ({ lockedSystem, openPage }) => {
  const { page } = await openPage(PAGE)
  const code = `import { Runnel } from '@runnel/client'
const states = []
const onConnection = ({ state, transport }) => states.push(state + ' ' + transport)
const runnel = new Runnel({ apiKey: '${lockedSystem.key}' })
const { stdout } = await runnel.run('print(6 * 7)', { language: 'python', onConnection })
console.log(stdout.trim(), states.join())`
  expect(await runInPage(page, lockedSystem.url, code)).toBe('42 connecting websocket,open websocket\n')
})

test('The README has an example of each part', () => {
  expect(EXAMPLES.map(({ heading }) => heading)).toEqual([
    'Run a program',
    'Live, and stopped',
    'Submit now, follow later, write to it',
    'Files',
    'Sandboxes',
    'Commands that go on',
    'Terminals in a sandbox',
    'Errors',
    'In a web page',
    'In a web page',
    'What people are shown',
  ])
})
