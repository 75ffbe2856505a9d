import { request as httpRequest, type IncomingMessage } from 'node:http'
import type { System } from '@runnel/testing/system'

/** Node does not resolve names below localhost: the API's address, with a Host. */
export const visit = async (system: System, url: string, headers: Readonly<Record<string, string>> = {}) => {
  const { host, pathname, search } = new URL(url)
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const target = { host: '127.0.0.1', port: new URL(system.url).port, path: pathname + search }
  httpRequest({ ...target, agent: false, headers: { host, ...headers } })
    .once('response', resolve)
    .once('error', reject)
    .end()
  const answer = await promise
  return { status: answer.statusCode, headers: answer.headers, body: Buffer.concat(await answer.toArray()).toString() }
}
