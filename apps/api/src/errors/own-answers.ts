import type { IncomingMessage } from 'node:http'
import { RequestError } from '@runnel/contract/public'
import type { FastifyInstance } from 'fastify'
import { answerHandshake } from './error-answers.ts'
import { findAllowedMethods, type RouteTable } from './route-table.ts'

/**
 * Node and `ws` refuse some requests by themselves, before any of our code, with an empty body or a sentence in plain
 * text. Each of those is served instead, where the standard allows it, or refused in our shape.
 *
 *   no Host                     refused here; Node's own check is switched off
 *   an Expect of nobody's       served: it may be ignored
 *   an Upgrade to what we       served as if it asked for none. Some clients ask every server for HTTP/2 (`h2c`), with
 *   have not, or not there      any request, and take what they get
 *   a broken WebSocket handshake  refused here, in place of `ws`
 */
export const ownAnswers = (sockets: RouteTable) => ({
  requireHostHeader: false,
  shouldUpgradeCallback: ({ headers, method, url = '' }: IncomingMessage): boolean => {
    const [path = ''] = url.split('?', 1)
    const isHandshake = method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket'
    return isHandshake && findAllowedMethods(sockets, path).length > 0
  },
})

/** The rest of it, once there is a server. To be called when the WebSocket plugin is there. */
export const answerByOurselves = (app: FastifyInstance): void => {
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response))
  app.websocketServer.on('wsClientError', answerHandshake)
  app.addHook('onRequest', async ({ raw }) => {
    if (raw.headers.host !== undefined || raw.httpVersionMajor !== 1 || raw.httpVersionMinor === 0) return
    throw new RequestError('invalid-request', 'Cannot read the request: it has no Host')
  })
}
