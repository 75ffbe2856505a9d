import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/** Every open connection of a server. The server itself no longer tracks a connection that became a WebSocket. */
export const trackConnections = (server: Server): { cutAll: () => void } => {
  const open = new Set<Socket>()
  server.on('connection', (socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  return {
    cutAll() {
      for (const socket of open) socket.destroy()
    },
  }
}
