import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'

/** The result of a program. */
export interface Execution {
  readonly success: boolean
  readonly output: string
  readonly error: string
}

/** Serves `POST /execute` on a free port and sends the port to its parent. Ends when the parent closes the channel. */
export const serve = (execute: (code: string) => Promise<Execution>, stop: () => Promise<void>): void => {
  const running = new Set<Promise<Execution>>()
  const server = createServer(async (request, response) => {
    try {
      const body = await json(request)
      const code = typeof body === 'object' && body !== null && 'code' in body ? String(body.code) : ''
      const started = performance.now()
      const executing = execute(code)
      running.add(executing)
      const execution = await executing.finally(() => running.delete(executing))
      const answer = JSON.stringify({ ...execution, execution_time: (performance.now() - started) / 1_000 })
      response.writeHead(200, { 'content-type': 'application/json' }).end(answer)
    } catch (error) {
      response.writeHead(500).end(String(error))
    }
  })
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    process.send?.(typeof address === 'object' ? address?.port : undefined)
  })
  process.once('disconnect', async () => {
    server.close()
    await Promise.allSettled(running)
    await stop()
    process.exit()
  })
}
