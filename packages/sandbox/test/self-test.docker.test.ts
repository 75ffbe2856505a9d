import { defaultLimits } from '@runnel/contract/public'
import { RUN_LABEL } from '@runnel/testing'
import Docker from 'dockerode'
import { expect, inject, test } from 'vitest'
import { type Container, type ContainerRequest, startContainer } from '../src/docker/container.ts'
import { createEngine, type Engine } from '../src/docker/engine.ts'
import { toCreateOptions } from '../src/docker/policy.ts'
import { testCells } from '../src/docker/self-test.ts'
import { createTestSandboxes } from './docker-fixture.ts'
import { run } from './run.ts'

const REQUEST: ContainerRequest = {
  image: 'runnel/python',
  confinement: 'cell',
  use: 'programs',
  appArmor: undefined,
  ...defaultLimits(),
  cpus: 1,
  runtime: undefined,
  labels: { [RUN_LABEL]: inject('testRun') },
  warm: { by: 'fork', argv: ['python3', '-u', 'main.py'], env: {} },
}

/** The verdict on this engine, and what is logged. */
const judge = async (engine: Engine) => {
  const warnings: string[] = []
  const withContainer = async <T>(request: ContainerRequest, use: (container: Container) => Promise<T>): Promise<T> => {
    const container = await startContainer(engine, request)
    try {
      return await use(container)
    } finally {
      container.connection.close(new Error('The test is over'))
      await engine.remove(container.id)
    }
  }
  const verdict = await testCells({
    request: REQUEST,
    withContainer,
    readSecurityOptions: engine.securityOptions,
    log: { info: () => {}, warn: (_facts, message) => void warnings.push(message) },
  })
  return { verdict, warnings }
}

test('A host that allows cells serves them, and nothing is said', async () => {
  expect(await judge(createEngine(new Docker()))).toEqual({
    verdict: { served: 'job', appArmor: undefined },
    warnings: [],
  })
})

test('A host that forbids namespaces serves containers, and the log says what failed', async () => {
  const engine = createEngine(new Docker())
  const { HostConfig } = toCreateOptions({
    ...REQUEST,
    confinement: 'container',
    uid: 1,
    hasForkServer: true,
    command: [],
  })
  // What a container of its own may call, and a filter, which the agent loads before it makes namespaces.
  const SecurityOpt = HostConfig?.SecurityOpt?.map((option: string) => {
    if (!option.startsWith('seccomp=')) return option
    const profile = JSON.parse(option.slice('seccomp='.length))
    profile.syscalls.push({ names: ['seccomp'], action: 'SCMP_ACT_ALLOW' })
    return `seccomp=${JSON.stringify(profile)}`
  })
  const forbidding: Engine = {
    ...engine,
    create: (options) => engine.create({ ...options, HostConfig: { ...options.HostConfig, SecurityOpt } }),
  }
  const { verdict, warnings } = await judge(forbidding)
  expect(verdict).toEqual({
    served: 'container',
    reason: expect.stringMatching(/It failed with: cell: clone: EPERM$/),
  })
  expect(warnings).toEqual([
    expect.stringMatching(/^Cells do not work on this host, so each program gets a container of its own\. The reason/),
  ])
})

test('A host where not even a container can be made has no verdict', async () => {
  const away = createEngine(new Docker({ socketPath: '/no/such/docker.sock' }))
  await expect(judge(away)).rejects.toThrow('ENOENT')
})

test('Where cells do not work, each job gets a container of its own, made ahead', async () => {
  const reason = 'AppArmor forbids it'
  await using sandboxes = createTestSandboxes({ poolMin: 1, verdict: { served: 'container', reason } })
  await sandboxes.check()
  expect(sandboxes.isolation).toEqual({ served: 'container', reason })
  const used = new Set<string>()
  for (let jobs = 0; jobs < 3; jobs += 1) {
    const { stdout } = await run(sandboxes, { source: 'print(1)', onSandbox: ({ id }) => used.add(id) })
    expect(stdout.toString()).toBe('1\n')
  }
  expect(used.size).toBe(3)
})
