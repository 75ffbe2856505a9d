import http, { type ClientRequest, type IncomingMessage } from 'node:http'

export interface EngineRequest {
  readonly method: string
  /** With its query. */
  readonly path: string
  /** JSON. */
  readonly body: string | undefined
}

/** On a connection of its own, so that no answer waits for another one's. The request is still to be ended. */
export const openRequest = (
  socketPath: string,
  { method, path, body }: EngineRequest,
  headers: Readonly<Record<string, string>> = {},
): ClientRequest =>
  http.request({
    socketPath,
    method,
    path,
    agent: false,
    headers: { ...headers, Host: 'docker', ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
  })

/** Resolves with the beginning of the answer, which is to be read; rejects where none came. */
export const askEngine = (
  socketPath: string,
  request: EngineRequest,
  /** The answer is no longer wanted, or whoever wanted it has gone. */
  signal: AbortSignal,
): Promise<IncomingMessage> => {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const asked = openRequest(socketPath, request)
  asked.once('response', resolve)
  asked.on('error', reject)
  signal.addEventListener('abort', () => asked.destroy(new Error('Nobody waits for the answer')), { once: true })
  asked.end(request.body)
  return promise
}
