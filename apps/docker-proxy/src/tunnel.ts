import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { type EngineRequest, openRequest } from './ask-engine.ts'

const UPGRADE = { Connection: 'Upgrade', Upgrade: 'tcp' } as const

/** An answer in the place of an upgrade, on a connection that has left HTTP's hands. */
export const endWithAnswer = (client: Duplex, status: number, message: string): void => {
  const body = JSON.stringify({ message })
  const head = `HTTP/1.1 ${status} Refused\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n`
  client.end(head + body)
}

/**
 * Both directions, at the pace of whoever reads. Half an end is passed on as half an end: it is an agent's sign to stop,
 * and what it still says arrives. Whatever ends otherwise ends both.
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
  const said = await text(answer).catch(() => '')
  endWithAnswer(client, answer.statusCode ?? 502, said.trim())
}

/** Asks the engine to attach, and from then on carries bytes. `head` is what the client has sent beyond its request. */
export const openTunnel = (socketPath: string, request: EngineRequest, client: Duplex, head: Buffer): void => {
  const asked = openRequest(socketPath, request, UPGRADE)
  client.on('error', () => asked.destroy())
  client.once('close', () => asked.destroy())
  asked.once('upgrade', (answer, engine, engineHead) => {
    const type = answer.headers['content-type'] ?? 'application/vnd.docker.raw-stream'
    client.write(`HTTP/1.1 101 UPGRADED\r\nContent-Type: ${type}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`)
    if (engineHead.length > 0) client.write(engineHead)
    if (head.length > 0) engine.write(head)
    join(client, engine)
  })
  asked.once('response', (answer) => void relay(answer, client))
  asked.on('error', (error) => endWithAnswer(client, 502, `The engine does not answer: ${error.message}`))
  asked.end()
}
