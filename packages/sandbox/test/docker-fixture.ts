import { randomUUID } from 'node:crypto'
import { inspect } from 'node:util'
import { defaultLimits } from '@runnel/contract/public'
import { LANGUAGES } from '@runnel/languages'
import { eventually } from '@runnel/testing'
import Docker from 'dockerode'
import { createDockerSandboxes, type DockerSandboxesOptions, type Sandboxes } from '../src/index.ts'

export interface TestSandboxes extends Sandboxes {
  readonly worker: string
  /** All containers with this worker's label, in any state. */
  containers(): Promise<Docker.ContainerInfo[]>
}

const listContainers = (worker: string) =>
  new Docker().listContainers({ all: true, filters: { label: [`runnel.worker=${worker}`] } })

/** An engine may still list a container that it has removed. Rejects if the engine cannot say. */
const isThere = (id: string): Promise<boolean> =>
  new Docker()
    .getContainer(id)
    .inspect()
    .then(
      () => true,
      (error: Error & { statusCode?: number }) => {
        if (error.statusCode !== 404) throw error
        return false
      },
    )

/** Real sandboxes of a worker of their own; disposing of them fails the test if a container is left. */
export const createTestSandboxes = (over: Partial<DockerSandboxesOptions> = {}): TestSandboxes => {
  const worker = `test-${randomUUID()}`
  const complaints: string[] = []
  const sandboxes = createDockerSandboxes({
    worker,
    languages: LANGUAGES,
    imagePrefix: 'runnel/',
    poolMin: 1,
    poolMax: 10,
    limits: defaultLimits(),
    cpus: 1,
    killGraceMs: 300,
    jobsPerCell: 100,
    runtime: undefined,
    verdict: { served: 'job', appArmor: undefined },
    log: { info: () => {}, warn: (facts, message) => void complaints.push(`${message} ${inspect(facts)}`) },
    ...over,
  })
  return {
    ...sandboxes,
    get pool() {
      return sandboxes.pool
    },
    get isolation() {
      return sandboxes.isolation
    },
    worker,
    containers: () => listContainers(worker),
    async [Symbol.asyncDispose]() {
      await sandboxes[Symbol.asyncDispose]()
      await eventually(async () => {
        const listed = await listContainers(worker)
        const found = await Promise.all(listed.map(({ Id }) => isThere(Id)))
        const left = found.filter((isLeft) => isLeft).length
        if (left > 0) throw new Error(`${left} containers were left behind; warnings: ${complaints.join('; ')}`)
      })
    },
  }
}
