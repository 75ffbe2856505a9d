import { type IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Upgrade } from '../upgrade-dispatcher.ts'

export interface UpgradeRouter {
  /** Sends an upgrade through the app as a request. A hook that refuses it answers it. */
  readonly take: (upgrade: Upgrade) => void
  /** For its route: undefined for a plain request. */
  readonly upgradeOf: (request: FastifyRequest) => Upgrade | undefined
}

/** Gives upgrades the hooks of a request, as @fastify/websocket does for its own. */
export const createUpgradeRouter = (app: FastifyInstance): UpgradeRouter => {
  const upgrades = new WeakMap<IncomingMessage, Upgrade>()
  return {
    take(upgrade) {
      const { request, socket } = upgrade
      // Node has taken its own listener off. Without one, a client that breaks off would end the process.
      socket.on('error', () => socket.destroy())
      upgrades.set(request, upgrade)
      const response = new ServerResponse(request)
      response.assignSocket(request.socket)
      app.routing(request, response)
    },
    upgradeOf: ({ raw }) => upgrades.get(raw),
  }
}
