import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'

/** Posts JSON over connections that are kept alive, like any client that sends more than one request. */
export interface HttpClient extends Disposable {
  post(path: string, body: unknown): Promise<unknown>
}

export const createHttpClient = (url: string): HttpClient => {
  const agent = new Agent({ keepAlive: true })
  return {
    async post(path, body) {
      const json = JSON.stringify(body)
      const { promise, resolve, reject } = Promise.withResolvers<string>()
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) }
      const asked = request(`${url}${path}`, { method: 'POST', agent, headers }, (response) => {
        text(response).then((answer) => {
          const { statusCode = 0 } = response
          if (statusCode >= 200 && statusCode < 300) resolve(answer)
          else reject(new Error(`${path} answered ${statusCode}: ${answer.slice(0, 500)}`))
        }, reject)
      })
      asked.on('error', reject)
      asked.end(json)
      const answer = await promise
      return answer === '' ? undefined : JSON.parse(answer)
    },
    [Symbol.dispose]: () => agent.destroy(),
  }
}
