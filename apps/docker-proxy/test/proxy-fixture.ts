import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDockerProxy } from '../src/docker-proxy.ts'

export const ENGINE_SOCKET = '/var/run/docker.sock'

export interface TestProxy extends AsyncDisposable {
  readonly socketPath: string
  /** The names of the calls that passed, one for each call. */
  readonly passed: string[]
  /** The log messages of the calls that were refused. */
  readonly complaints: string[]
}

/** The same proxy that operators run, in front of the real engine. */
export const startProxy = async (): Promise<TestProxy> => {
  const passed: string[] = []
  const complaints: string[] = []
  const proxy = createDockerProxy({
    engineSocketPath: ENGINE_SOCKET,
    imagePrefix: 'runnel/',
    runtime: undefined,
    log: {
      debug: (facts) => void ('call' in facts && passed.push(String(facts.call))),
      warn: (facts, message) => void complaints.push(`${message} ${JSON.stringify(facts)}`),
    },
  })
  const socketPath = join(tmpdir(), `runnel-proxy-${randomUUID()}.sock`)
  await proxy.listen(socketPath)
  return { socketPath, passed, complaints, [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose]() }
}
