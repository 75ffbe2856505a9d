import { once } from 'node:events'
import { createServer } from 'node:net'

/** undefined when it is free, else why it cannot be listened on. */
export const findPortFault = async (port: number): Promise<string | undefined> => {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
      ? `Port ${port} is taken`
      : `Port ${port} may not be listened on`
  }
  server.close()
  await once(server, 'close')
  return undefined
}

/** A port that is free now, and stays the same when what listens there is started again. */
export const findFreePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('A TCP server without a port')
  return address.port
}
