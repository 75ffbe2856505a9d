import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Previews } from './previews/previews.ts'

export interface Upgrade {
  readonly request: IncomingMessage
  readonly socket: Duplex
  /** What came after the request. */
  readonly head: Buffer
}

/**
 * Two libraries want the upgrades of one server: @fastify/websocket for our routes, and engine.io under socket.io. Each takes every
 * upgrade for its own, and answers or cuts those that it does not know. So neither listens on the server. One listener decides by
 * the Host, then by the path, and each library gets only what is its own:
 *
 *   a Host of previews   the programs in sandboxes
 *   a path in `byPath`   that function
 *   every other path     the server that this returns, for @fastify/websocket
 *
 * A path that neither serves does not get here: `ownAnswers` answers it as a plain request.
 */
export const dispatchUpgrades = (
  server: Server,
  byPath: ReadonlyMap<string, (upgrade: Upgrade) => void>,
  previews: Pick<Previews, 'takes' | 'upgrade'>,
): { readonly rest: Server } => {
  // It never listens: it only carries the event.
  const rest = createServer()
  server.on('upgrade', (request, socket, head) => {
    if (previews.takes(request)) return previews.upgrade({ request, socket, head })
    const [path = ''] = (request.url ?? '').split('?', 1)
    const take = byPath.get(path)
    if (take !== undefined) return take({ request, socket, head })
    rest.emit('upgrade', request, socket, head)
    return undefined
  })
  return { rest }
}
