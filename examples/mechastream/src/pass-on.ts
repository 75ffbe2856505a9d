import { request as ask, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'

/** Sends requests and WebSockets to Runnel as they came: it checks `Host`, `Origin` and the cookies itself. */
export interface PassOn {
  request(request: IncomingMessage, response: ServerResponse): void
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
}

const UNREACHABLE = 'Cannot reach Runnel: start it with npm start, or name its address with --runnel'

const toHead = ({ method, url, rawHeaders }: IncomingMessage): string => {
  const lines = [`${method} ${url} HTTP/1.1`]
  for (let at = 0; at < rawHeaders.length; at += 2) lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`)
  return `${lines.join('\r\n')}\r\n\r\n`
}

export const createPassOn = (runnel: URL): PassOn => {
  const { hostname } = runnel
  const port = runnel.port === '' ? 80 : Number(runnel.port)
  return {
    request(request, response) {
      const { method, url, rawHeaders } = request
      const asked = ask({ hostname, port, method, path: url, headers: rawHeaders, setHost: false }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
        // An answer that breaks off must not look complete.
        answer.once('error', () => response.destroy()).pipe(response)
      })
      asked.once('error', () => {
        if (response.headersSent) response.destroy()
        else
          response
            .writeHead(502, { 'content-type': 'application/json' })
            .end(JSON.stringify({ error: { message: UNREACHABLE } }))
      })
      // The client has gone. Runnel cancels what it runs for a request that goes.
      response.once('close', () => asked.destroy())
      request.pipe(asked)
    },

    upgrade(request, socket, head) {
      const other = connect(port, hostname)
      const end = (): void => {
        socket.destroy()
        other.destroy()
      }
      for (const stream of [socket, other]) stream.once('error', end).once('close', end)
      other.write(toHead(request))
      other.write(head)
      other.pipe(socket).pipe(other)
    },
  }
}
