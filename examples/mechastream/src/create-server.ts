import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { browserCookie } from './browser-cookie.ts'
import { createPassOn } from './pass-on.ts'
import type { PageFile } from './read-page.ts'

/** What the two components call. Everything else of Runnel stays behind this server, its administration too. */
const PASSED_ON: readonly string[] = ['/v1/stream', '/v1/languages', '/v1/sessions']
const PASSED_ON_BELOW: readonly string[] = ['/api/execute', '/socket.io/', '/v1/jobs']

const HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  // xterm writes style elements.
  'content-security-policy':
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
}

const pathOf = ({ url = '' }: IncomingMessage): string => url.split('?', 1)[0] ?? ''
const isPassedOn = (path: string): boolean =>
  PASSED_ON.includes(path) || PASSED_ON_BELOW.some((start) => path.startsWith(start))

/** The component connects to `localhost`, so a page under the same machine's number would be another site's to it. */
const findRedirect = ({ headers: { host = '' } }: IncomingMessage): string | undefined => {
  const [, port = ''] = /^(?:127\.0\.0\.1|\[::1\])(:\d+)?$/.exec(host) ?? ['', undefined]
  return /^(?:127|\[)/.test(host) ? `http://localhost${port}/` : undefined
}

/** The page, and behind it Runnel. */
export const createExampleServer = (options: {
  readonly page: ReadonlyMap<string, PageFile>
  readonly runnel: URL
}): Server => {
  const { page, runnel } = options
  const passOn = createPassOn(runnel)

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const path = pathOf(request)
    const redirect = findRedirect(request)
    const file = page.get(path === '/' ? '/index.html' : path)
    if (isPassedOn(path)) passOn.request(request, response)
    else if (redirect !== undefined) response.writeHead(302, { location: redirect }).end()
    else if (file === undefined) response.writeHead(404, HEADERS).end('There is nothing at this URL')
    else {
      const cookie = path === '/' ? browserCookie(request.headers.cookie) : {}
      response.writeHead(200, { ...HEADERS, ...cookie, 'content-type': file.type, 'cache-control': file.caching })
      response.end(file.bytes)
    }
  }
  const server = createServer(answer)
  server.on('upgrade', (request, socket, head) => {
    if (isPassedOn(pathOf(request))) passOn.upgrade(request, socket, head)
    else socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
  })
  return server
}
