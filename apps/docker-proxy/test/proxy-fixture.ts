import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDockerProxy } from '../src/docker-proxy.ts'

const { DOCKER_HOST = 'unix:///var/run/docker.sock' } = process.env
/** The engine of all other tests, which has a socket on this machine. */
export const ENGINE_SOCKET = DOCKER_HOST.replace('unix://', '')

export interface TestProxy extends AsyncDisposable {
  readonly socketPath: string
  /** The names of the calls that passed, one for each call. */
  readonly passed: string[]
  /** The log messages of the calls that were refused. */
  readonly complaints: string[]
}

/** The same proxy that operators run, in front of the real engine. */
export const startProxy = async (maximumContainers = 1_000): Promise<TestProxy> => {
  const passed: string[] = []
  const complaints: string[] = []
  const proxy = createDockerProxy({
    engineSocketPath: ENGINE_SOCKET,
    imagePrefix: 'runnel/',
    runtime: undefined,
    maximumContainers,
    maximum: { memoryBytes: 2 ** 31, processes: 512, diskBytes: 2 ** 30, cpus: 4 },
    log: {
      debug: (facts) => void ('call' in facts && passed.push(String(facts.call))),
      warn: (facts, message) => void complaints.push(`${message} ${JSON.stringify(facts)}`),
    },
  })
  const socketPath = join(tmpdir(), `runnel-proxy-${randomUUID()}.sock`)
  await proxy.listen(socketPath)
  return { socketPath, passed, complaints, [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose]() }
}
