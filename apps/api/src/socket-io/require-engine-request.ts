import { RequestError } from '@runnel/contract/public'

/** The version of the protocol, as `EIO`: that of socket.io 3 and 4. */
const VERSION = '4'
const TRANSPORTS: readonly string[] = ['polling', 'websocket']

/** Throws for what engine.io would refuse with a body of its own: each of our answers is an error as every route has it. */
export const requireEngineRequest = (
  query: ReadonlyMap<string, string>,
  request: { readonly method: string; readonly isUpgrade: boolean; readonly isOpen: boolean },
): void => {
  const { method, isUpgrade, isOpen } = request
  const refuse = (message: string): never => {
    throw new RequestError('invalid-request', message)
  }
  const transport = query.get('transport') ?? ''
  if (query.get('EIO') !== VERSION) refuse('Cannot serve this client: use socket.io-client 3 or 4')
  if (!TRANSPORTS.includes(transport)) refuse('Cannot serve this transport: use polling or websocket')
  if (isUpgrade !== (transport === 'websocket')) {
    refuse(`Cannot serve the transport ${transport} ${isUpgrade ? 'with' : 'without'} an upgrade to a WebSocket`)
  }
  if (isOpen) return
  if ((query.get('sid') ?? '') !== '') {
    refuse(
      'Cannot continue this socket: it has ended, or another API process has it; connect again. Where a load balancer spreads requests over several API processes, clients need `transports: ["websocket"]`, or it needs sticky sessions',
    )
  }
  if (method !== 'GET') refuse('Cannot open a socket with POST: begin with GET')
}
