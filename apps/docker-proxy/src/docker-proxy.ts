import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { admit } from './admit.ts'
import { askEngine, type EngineRequest } from './ask-engine.ts'
import { createContainerBound } from './container-bound.ts'
import { findCall } from './find-call.ts'
import { createOwnContainers } from './own-containers.ts'
import { Refusal } from './refusal.ts'
import type { SandboxRules } from './sandbox-body.ts'
import { endWithAnswer, openTunnel } from './tunnel.ts'

export interface DockerProxyOptions extends SandboxRules {
  /** The engine's own socket. */
  readonly engineSocketPath: string
  /** Sandboxes at once, of all workers together. */
  readonly maximumContainers: number
  readonly log: Record<'debug' | 'warn', (facts: object, message: string) => void>
}

export interface DockerProxy extends AsyncDisposable {
  listen(socketPath: string): Promise<void>
}

/** The longest body of a worker, a sandbox to make, has 10 KiB. */
const BODY_BYTES = 64 * 1024

const readBody = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  let bytes = 0
  // Not destroyed at the end, because the connection still carries the answer.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += chunk.length
    if (bytes > BODY_BYTES) throw new Refusal('A body that is far longer than any that a worker sends')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/**
 * Stands between workers and Docker's socket, because a process with that socket is as good as root on the host.
 *
 *   request ──▶ a call that workers make? ──▶ with their parameters? ──▶ for a sandbox? ──▶ written again ──▶ engine
 *                        └─────────────────────────┴───────────────────────┴──▶ 403, and a line in the log
 *
 * It has no timeouts: the worker has one for each call, and an attached connection lasts as long as its sandbox.
 */
export const createDockerProxy = ({
  engineSocketPath,
  maximumContainers,
  log,
  ...rules
}: DockerProxyOptions): DockerProxy => {
  const own = createOwnContainers(engineSocketPath)
  const bound = createContainerBound(engineSocketPath, maximumContainers)

  const understand = async (request: IncomingMessage, isUpgrade: boolean): Promise<EngineRequest> => {
    const call = findCall(request.method ?? '', request.url ?? '')
    if ((call.name === 'attach') !== isUpgrade) throw new Refusal('Only attaching takes over its connection')
    const admitted = admit(call, isUpgrade ? '' : await readBody(request), rules)
    if (call.id !== undefined) await own.expect(call.id)
    if (call.name === 'create') await bound.expectRoom()
    log.debug({ call: call.name }, 'Passed on a call')
    return admitted
  }

  const toAnswer = (error: unknown, request: IncomingMessage): { status: number; message: string } => {
    const reason = error instanceof Error ? error.message : String(error)
    if (error instanceof Refusal) {
      log.warn({ method: request.method, url: request.url?.slice(0, 500) }, `Refused: ${reason}`)
      return { status: 403, message: `The Docker proxy refused: ${reason}` }
    }
    log.warn({ err: error }, 'The engine does not answer')
    return { status: 502, message: `The engine does not answer: ${reason}` }
  }

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    try {
      const answer = await askEngine(engineSocketPath, await understand(request, false), gone.signal)
      const type = answer.headers['content-type']
      response.writeHead(answer.statusCode ?? 502, type === undefined ? {} : { 'Content-Type': type })
      await pipeline(answer, response)
    } catch (error) {
      if (gone.signal.aborted || response.headersSent) return void response.destroy()
      const { status, message } = toAnswer(error, request)
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify({ message }))
    }
  }

  const tunnel = async (request: IncomingMessage, client: Duplex, head: Buffer): Promise<void> => {
    client.on('error', () => {})
    try {
      openTunnel(engineSocketPath, await understand(request, true), client, head)
    } catch (error) {
      const { status, message } = toAnswer(error, request)
      endWithAnswer(client, status, message)
    }
  }

  const clients = new Set<Duplex>()
  // Idle connections stay open, as the engine's do: if one closed just as a worker uses it again, that call would fail.
  const server = createServer({ keepAliveTimeout: 0 }, (request, response) => void serve(request, response))
  server.on('upgrade', (request, client, head) => void tunnel(request, client, head))
  server.on('connection', (client) => {
    clients.add(client)
    client.once('close', () => clients.delete(client))
  })

  return {
    async listen(socketPath) {
      server.listen(socketPath)
      await once(server, 'listening')
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      for (const client of clients) client.destroy()
      await closed
    },
  }
}
