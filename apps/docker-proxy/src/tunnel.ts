import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { type EngineRequest, openRequest } from './ask-engine.ts'

const UPGRADE = { Connection: 'Upgrade', Upgrade: 'tcp' } as const

/** An answer instead of an upgrade, on a connection that Node's HTTP server no longer handles. */
export const endWithAnswer = (client: Duplex, status: number, message: string): void => {
  const body = JSON.stringify({ message })
  const head = `HTTP/1.1 ${status} Refused\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n`
  client.end(head + body)
}

/**
 * Connects both directions, each as fast as its reader. If one side ends its output, only that direction ends: this is how a
 * worker asks an agent to stop, and what the agent still sends arrives. Every other end closes both.
 */
const join = (one: Duplex, other: Duplex): void => {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.pipe(to)
    from.on('error', () => to.destroy())
    from.on('close', () => {
      if (!from.readableEnded) to.destroy()
    })
  }
}

const relay = async (answer: IncomingMessage, client: Duplex): Promise<void> => {
  const message = await text(answer).catch(() => '')
  endWithAnswer(client, answer.statusCode ?? 502, message.trim())
}

/** Asks the engine to attach, then carries bytes both ways. `head` is what the client has sent after its request. */
export const openTunnel = (socketPath: string, request: EngineRequest, client: Duplex, head: Buffer): void => {
  const sent = openRequest(socketPath, request, UPGRADE)
  client.on('error', () => sent.destroy())
  client.once('close', () => sent.destroy())
  sent.once('upgrade', (answer, engine, engineHead) => {
    const type = answer.headers['content-type'] ?? 'application/vnd.docker.raw-stream'
    client.write(`HTTP/1.1 101 UPGRADED\r\nContent-Type: ${type}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`)
    if (engineHead.length > 0) client.write(engineHead)
    if (head.length > 0) engine.write(head)
    join(client, engine)
  })
  sent.once('response', (answer) => void relay(answer, client))
  sent.on('error', (error) => endWithAnswer(client, 502, `The engine does not answer: ${error.message}`))
  sent.end()
}
