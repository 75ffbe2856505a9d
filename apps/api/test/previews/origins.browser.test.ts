import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { uniquePrefix } from '@runnel/testing'
import { browserTest } from '@runnel/testing/browser'
import { expect, inject } from 'vitest'
import { type House, type PlayedSandbox, startHouse } from './preview-house.ts'

const serveProgram = ({ url }: IncomingMessage, response: ServerResponse): void => {
  response.writeHead(200, { 'content-type': 'text/html', 'set-cookie': 'own=1; Domain=localhost' })
  response.end(url === '/data' ? 'data' : '<title>program</title><h1>program</h1>')
}

const test = browserTest
  .extend('startOwnHouse', async ({ task: _ }, { onCleanup }) => {
    const resources = new AsyncDisposableStack()
    onCleanup(() => resources.disposeAsync())
    return (options: { readonly frameAncestors?: readonly string[] } = {}) =>
      startHouse({ redisUrl: inject('redisUrl'), prefix: uniquePrefix(), resources, ...options })
  })
  .extend('house', ({ startOwnHouse }) => startOwnHouse())
  .extend('port', ({ house }) => house.listen(createServer(serveProgram)))

/** A web server of its own. */
const listenFor = async (server: Server) => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

const openPreview = async (house: House, { id, key }: PlayedSandbox, port: number): Promise<string> => {
  const headers = { ...key.headers, host: `localhost:${house.port}` }
  const answer = await house.api.app.inject({ method: 'POST', url: `/v1/sandboxes/${id}/ports/${port}/url`, headers })
  return answer.json().url
}

/** The tests are checked without the types of a browser: what runs in a page is text. */
interface Evaluates {
  evaluate(script: string): Promise<unknown>
}

/** What a page gets for a request of its own: the answer, or `refused`. */
const fetchIn = (page: Evaluates, url: string): Promise<unknown> =>
  page.evaluate(`fetch(${JSON.stringify(url)}, { credentials: 'include' })
    .then(async (answer) => answer.status + ' ' + await answer.text(), () => 'refused')`)

/** Frames these URLs, and says of each whether the page can read it. */
const frameAll = (urls: readonly string[]): string => `Promise.all(${JSON.stringify(urls)}.map((src) => {
  const frame = document.body.appendChild(document.createElement('iframe'))
  return new Promise((resolve) => {
    frame.onload = () => resolve(frame.contentDocument === null ? 'closed' : 'read')
    frame.src = src
  })
}))`

const openSocket = (url: string): string => `new Promise((resolve) => {
  const socket = new WebSocket(${JSON.stringify(url)})
  socket.onopen = () => resolve('open')
  socket.onerror = () => resolve('refused')
})`

test('the previews of two tenants cannot read each other, the API or the console', async ({
  house,
  port,
  openPage,
}) => {
  const [own, other] = [await house.hold('acme'), await house.hold('rival')]
  const { page, allow } = await openPage()
  // The browser is refused what the page tries, and says so.
  allow(/blocked by CORS|net::ERR_FAILED|401|403|404|frame|WebSocket|Content Security Policy|sandbox/i)
  const api = `http://localhost:${house.port}`

  // The person at this browser is signed in, and has opened both previews.
  await page.route(`${api}/`, (route) => route.fulfill({ contentType: 'text/html', body: '<title>console</title>' }))
  await page.goto(`${api}/`)
  const { authorization } = own.key.headers
  const signedIn = await page.evaluate(
    `fetch('/v1/sessions', { method: 'POST', headers: { authorization: ${JSON.stringify(authorization)} } }).then(({ status }) => status)`,
  )
  expect(signedIn).toBe(201)
  // Playwright lets every page read what it answers itself.
  await page.unroute(`${api}/`)
  expect(await fetchIn(page, `${api}/v1/caller`)).toContain('200 {"tenant":"acme"')
  await page.goto(await openPreview(house, other, port))
  expect(await page.title()).toBe('program')
  await page.goto(await openPreview(house, own, port))
  expect([await page.title(), new URL(page.url()).search]).toEqual(['program', ''])

  expect(await fetchIn(page, '/data')).toBe('200 data')
  const theirs = `http://${house.hostOf(other, port)}`
  for (const url of [`${theirs}/data`, `${api}/v1/caller`, `${api}/`]) {
    expect([url, await fetchIn(page, url)]).toEqual([url, 'refused'])
  }
  expect(await page.evaluate(openSocket(`${api.replace('http', 'ws')}/v1/stream`))).toBe('refused')
  expect(await page.evaluate(frameAll([`${theirs}/data`, `${api}/docs`]))).toEqual(['closed', 'closed'])
  // A cookie for the parent domain is none of theirs.
  await page.evaluate("document.cookie = 'tossed=1; domain=localhost'")
  const cookies = await page.context().cookies([`${theirs}/`, `${api}/`])
  expect(cookies.map(({ name }) => name).filter((name) => name === 'tossed' || name === 'own')).toEqual(['own'])
})

test('a preview opens in a frame of a page that may show it, and in a tab, each with a URL of its own', async ({
  startOwnHouse,
  openPage,
}) => {
  let shown = ''
  const pages = () =>
    createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' })
      response.end(`<iframe src="${shown}"></iframe>`)
    })
  const [chat, other] = [await listenFor(pages()), await listenFor(pages())]
  const house = await startOwnHouse({ frameAncestors: [`http://127.0.0.1:${chat.port}`] })
  await using _servers = {
    [Symbol.asyncDispose]: async () => Promise.all([chat.close(), other.close()]).then(() => {}),
  }
  const port = await house.listen(createServer(serveProgram))
  const sandbox = await house.hold('acme')
  const { page, allow } = await openPage()
  allow(/401|frame-ancestors|Content Security Policy|ERR_BLOCKED_BY_RESPONSE/)
  shown = await openPreview(house, sandbox, port)
  await page.goto(`http://127.0.0.1:${chat.port}/`)
  const frame = page.frames()[1]
  if (frame === undefined) throw new Error('There is no frame')
  await frame.waitForSelector('h1:text("program")')
  expect([await fetchIn(frame, '/data'), new URL(frame.url()).search]).toEqual(['200 data', ''])

  // The cookie of the frame is not that of a tab.
  const tab = await page.context().newPage()
  await tab.goto(`http://${house.hostOf(sandbox, port)}/`)
  expect(await tab.title()).toBe('This preview is private')
  await tab.goto(await openPreview(house, sandbox, port))
  expect([await tab.title(), await fetchIn(tab, '/data')]).toEqual(['program', '200 data'])

  // Another page may not show it.
  shown = await openPreview(house, sandbox, port)
  await page.goto(`http://127.0.0.1:${other.port}/`)
  await expect.poll(() => page.frames()[1]?.url() ?? '').toMatch(/^chrome-error:/)
})

test('a page that waits for a program shows it as soon as it listens', async ({ house, openPage }) => {
  const sandbox = await house.hold('acme')
  const free = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' })
    response.end('<h1>program</h1>')
  })
  const port = await house.listen(free)
  free.close()
  const { page, allow } = await openPage()
  allow(/502/)
  await page.goto(await openPreview(house, sandbox, port))
  expect(await page.textContent('h1')).toBe('Nothing listens here yet')
  free.listen(port, '127.0.0.1')
  await page.waitForSelector('h1:text("program")')
})
