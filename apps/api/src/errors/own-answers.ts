import type { IncomingMessage } from 'node:http'
import { RequestError } from '@runnel/contract/public'
import type { FastifyInstance } from 'fastify'
import type { Previews } from '../previews/previews.ts'
import { answerHandshake } from './error-answers.ts'
import { findAllowedMethods, type RouteTable } from './route-table.ts'

/**
 * Node and `ws` refuse some requests before any of our code runs, with an empty body or plain text. We answer these
 * requests ourselves:
 *
 *   no Host                       refused, as JSON like every other error; Node's own check is off
 *   an unknown Expect             served: the standard allows a server to ignore it
 *   an Upgrade that we do not     served as a plain request. Some clients ask every server for HTTP/2 (`h2c`) and accept
 *   offer, or not at this URL     any answer
 *   a broken WebSocket handshake  refused, as JSON, in place of `ws`
 */
export const ownAnswers = (sockets: RouteTable, previews: Pick<Previews, 'takes'>) => ({
  requireHostHeader: false,
  shouldUpgradeCallback: (request: IncomingMessage): boolean => {
    const { headers, method, url = '' } = request
    const [path = ''] = url.split('?', 1)
    const isHandshake = method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket'
    return isHandshake && (previews.takes(request) || findAllowedMethods(sockets, path).length > 0)
  },
})

/** The part that needs a server. Call it after the WebSocket plugin is registered. */
export const answerByOurselves = (app: FastifyInstance, previews: Pick<Previews, 'takes'>): void => {
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response))
  // The program behind a preview says itself whether it wants the body. Ours always do.
  app.server.on('checkContinue', (request, response) => {
    if (!previews.takes(request)) response.writeContinue()
    app.server.emit('request', request, response)
  })
  app.websocketServer.on('wsClientError', answerHandshake)
  app.addHook('onRequest', async ({ raw }) => {
    if (raw.headers.host !== undefined || raw.httpVersionMajor !== 1 || raw.httpVersionMinor === 0) return
    throw new RequestError('invalid-request', 'Cannot read the request: it has no Host')
  })
}
