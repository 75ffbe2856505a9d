import http, { type ClientRequest, type IncomingMessage } from 'node:http'

export interface EngineRequest {
  readonly method: string
  /** With its query. */
  readonly path: string
  /** JSON. */
  readonly body: string | undefined
}

/** Opens a request on its own connection, so that no answer waits for another one. The caller ends the request. */
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

/** Resolves with the start of the answer, whose body the caller reads; rejects if no answer came. */
export const askEngine = (
  socketPath: string,
  request: EngineRequest,
  /** Aborts when the answer is no longer needed. */
  signal: AbortSignal,
): Promise<IncomingMessage> => {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const sent = openRequest(socketPath, request)
  sent.once('response', resolve)
  sent.on('error', reject)
  signal.addEventListener('abort', () => sent.destroy(new Error('The answer is no longer needed')), { once: true })
  sent.end(request.body)
  return promise
}
