import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { startGatewayServer } from '@runnel/gateway/server'
import { DialRefusal } from '@runnel/sandbox'
import { createEcho } from '../../../../packages/gateway/test/serve-echo.ts'
import { createPortHandlers } from '../../../worker/src/sandboxes/sandbox-ports.ts'
import { type Api, startApi } from '../api.ts'
import { holdKey, type KeyHolder } from '../key-holder.ts'

interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly rawHeaders: readonly string[]
  readonly body: string
}

type Ask = (
  path: string,
  options?: RequestOptions & { readonly body?: string | Buffer; readonly host?: string },
) => Promise<Answer>

/** A sandbox whose ports are those of this machine. */
export interface PlayedSandbox {
  readonly id: string
  readonly accessToken: string
  readonly key: KeyHolder
  /** How many dialled connections are open. */
  readonly count: { open: number; dialled: number }
  /** Ends it as a worker would. */
  readonly end: () => Promise<void>
}

export interface House {
  readonly api: Api
  /** Where the API listens. */
  readonly port: number
  readonly hold: (tenant: string, request?: object) => Promise<PlayedSandbox>
  /** Listens with what each connection gets; the port. */
  readonly listen: (serve: ((socket: Socket) => void) | Server) => Promise<number>
  /** Asks the API with the Host of a preview. */
  readonly ask: Ask
  readonly hostOf: (sandbox: PlayedSandbox, port: number) => string
}

/** The worker's own handlers, over ports of this machine in place of those of a place. */
const playPorts = (count: PlayedSandbox['count']) => {
  const dial = async (port: number): Promise<Duplex> => {
    const program = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    await once(program, 'connect').catch(() => {
      throw new DialRefusal('Nothing listens there', 'nothing-listens')
    })
    count.dialled += 1
    count.open += 1
    program.once('close', () => {
      count.open -= 1
    })
    return program
  }
  const ports = { listening: [3_000, 8_000], async *changes() {} }
  return createPortHandlers({ dial, ports }, { isPaused: false, wake: async () => {}, timers: { touch: () => {} } })
}

/** The API, and a gateway that serves sandboxes whose programs are servers of the test: dialled for real, on this machine. */
export const startHouse = async (options: Omit<Parameters<typeof startApi>[0], 'heartbeatMs'>): Promise<House> => {
  const { resources } = options
  const api = await startApi(options)
  const log = { warn: () => {}, error: () => {} }
  const gateway = resources.use(await startGatewayServer({ address: { host: '127.0.0.1', port: 0 }, log }))
  const url = new URL(await api.listen())

  const ask: Ask = async (path, { body, host, headers, ...more } = {}) => {
    const request = httpRequest({
      host: '127.0.0.1',
      port: url.port,
      path,
      agent: false,
      headers: { ...(host === undefined ? {} : { host }), ...headers },
      ...more,
    })
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    request.once('response', resolve).once('error', reject)
    request.end(body)
    const answer = await promise
    const parts: Buffer[] = []
    for await (const part of answer) parts.push(part)
    const { statusCode: status = 0, headers: got, rawHeaders } = answer
    return { status, headers: got, rawHeaders, body: Buffer.concat(parts).toString() }
  }

  return {
    api,
    port: Number(url.port),
    ask,
    hostOf: ({ id }, port) => `${port}-${id}.localhost:${url.port}`,
    async listen(serve) {
      const server = typeof serve === 'function' ? createServer({ allowHalfOpen: true }, serve) : serve
      const sockets = new Set<Socket>()
      server.on('connection', (socket: Socket) => {
        sockets.add(socket)
        socket.on('error', () => socket.destroy())
      })
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      resources.defer(() => {
        for (const socket of sockets) socket.destroy()
        server.close()
      })
      const address = server.address()
      return typeof address === 'object' && address !== null ? address.port : 0
    },
    async hold(tenant, payload = {}) {
      const key = await holdKey(api, { scopes: ['sandboxes'], tenant })
      const made = await api.app.inject({ method: 'POST', url: '/v1/sandboxes', headers: key.headers, payload })
      const { id, accessToken } = made.json()
      const { records, leases } = api.backend
      await records.start(id, { startedAt: new Date(), endsAt: new Date(Date.now() + 60_000) })
      const secret = `secret of ${id}`
      const lease = { worker: 'w', gateway: `http://127.0.0.1:${gateway.port}`, secret, renewal: '1' }
      await leases.renew([{ id, lease, lifeMs: 60_000 }])
      const count = { open: 0, dialled: 0 }
      const { served } = createEcho(id, secret)
      const ports = playPorts(count)
      const serving = gateway.serve({
        ...served,
        handlers: { ...served.handlers, ports: ports.ports, 'port-events': ports['port-events'] },
        connections: {
          ...served.connections,
          dial: ports.dial,
        },
      })
      return {
        id,
        accessToken,
        key,
        count,
        async end() {
          await records.end(id, 'idle')
          serving[Symbol.dispose]()
        },
      }
    },
  }
}
