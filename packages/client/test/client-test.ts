import { redisTest } from '@runnel/redis/testing'
import { type Api, startApi } from '../../../apps/api/test/api.ts'
import { Runnel, type RunnelOptions } from '../src/index.ts'
import { type Gate, openGate } from './gate.ts'
import { playPrograms } from './play-programs.ts'

export interface Reachable {
  readonly api: Api
  readonly url: string
  readonly gate: Gate
  /** A client that reaches the API through the gate. Closed at the end of the test. */
  readonly connect: (options?: RunnelOptions) => Runnel
}

/** A real API, a worker that plays programs, and a network that can fail. */
export const clientTest = redisTest.extend('start', async ({ redisUrl, prefix, resources }) => {
  return async (options: Partial<Parameters<typeof startApi>[0]> = {}): Promise<Reachable> => {
    const api = await startApi({ redisUrl, prefix, resources, ...options })
    await playPrograms(api)
    const url = await api.listen()
    const gate = resources.use(await openGate(url))
    const connect = (more: RunnelOptions = {}): Runnel => {
      const runnel = new Runnel({ baseUrl: gate.url, ...more })
      resources.defer(() => runnel.close())
      return runnel
    }
    return { api, url, gate, connect }
  }
})
