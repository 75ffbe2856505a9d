import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export interface LossyProxy extends AsyncDisposable {
  readonly url: string
  /** Loses the next answer, or the n-th: Redis has run the command, but the connection breaks before the caller knows. */
  loseAnswer(nth?: number): void
  readonly lost: number
}

export const startLossyProxy = async (redisUrl: string): Promise<LossyProxy> => {
  const target = new URL(redisUrl)
  const open = new Set<Socket>()
  let untilLost = Number.POSITIVE_INFINITY
  let lost = 0
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname)
    const close = () => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) {
      open.add(socket)
      socket.setNoDelay(true)
      socket.on('error', close)
      socket.on('close', () => {
        open.delete(socket)
        close()
      })
    }
    client.pipe(upstream)
    upstream.on('data', (answer) => {
      untilLost -= 1
      if (untilLost !== 0) return void client.write(answer)
      lost += 1
      close()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('A TCP server without a port')
  return {
    url: `redis://127.0.0.1:${address.port}${target.search}`,
    loseAnswer(nth = 1) {
      untilLost = nth
    },
    get lost() {
      return lost
    },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
