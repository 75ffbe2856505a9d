import http from 'node:http'
import { json } from 'node:stream/consumers'
import { AGENT_COMMAND, toCreateOptions } from '@runnel/sandbox/policy'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { startProxy, type TestProxy } from './proxy-fixture.ts'
import { engine } from './run.ts'

interface Attempt {
  readonly method?: string
  readonly path: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

const answerSchema = z.object({ message: z.string(), Id: z.string() }).partial()
const UPGRADE = { Connection: 'Upgrade', Upgrade: 'tcp' }
const NOBODY = 'a'.repeat(64)

describe('The proxy refuses', () => {
  let proxy: TestProxy
  let stranger = ''
  beforeAll(async () => {
    proxy = await startProxy()
    // A container of another program on the same host. Workers must never touch it.
    stranger = (await engine.createContainer({ Image: 'runnel/redis', Cmd: ['true'] })).id
  })
  afterAll(async () => {
    await engine.getContainer(stranger).remove({ force: true })
    await proxy[Symbol.asyncDispose]()
  })

  const ask = async ({ method = 'POST', path, body, headers }: Attempt) => {
    const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>()
    const options = { socketPath: proxy.socketPath, method, path, agent: false, ...(headers && { headers }) }
    const request = http.request(options)
    request.once('response', resolve)
    request.once('upgrade', () => reject(new Error('It was let through')))
    request.once('error', reject)
    request.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body))
    const answer = await promise
    return { status: answer.statusCode, ...answerSchema.parse(await json(answer)) }
  }

  const expectRefusal = async (attempt: Attempt, reason: string) => {
    const before = proxy.complaints.length
    const { status, message } = await ask(attempt)
    expect({ status, message }).toEqual({
      status: 403,
      message: `The Docker proxy refused: ${reason}`,
    })
    expect(proxy.complaints.slice(before)).toEqual([expect.stringContaining(`Refused: ${reason} `)])
  }

  it.each<readonly [what: string, attempt: Attempt, reason: string]>([
    [
      'running a program in a container',
      { path: `/containers/${NOBODY}/exec` },
      `No worker calls POST /containers/${NOBODY}/exec`,
    ],
    [
      'starting such a program',
      { path: `/exec/${NOBODY}/start`, headers: UPGRADE },
      `No worker calls POST /exec/${NOBODY}/start`,
    ],
    ['pulling an image', { path: '/images/create?fromImage=debian' }, 'No worker calls POST /images/create'],
    ['building an image', { path: '/build' }, 'No worker calls POST /build'],
    ['a session of the image builder', { path: '/session', headers: UPGRADE }, 'No worker calls POST /session'],
    [
      'reading files out of a container',
      { method: 'GET', path: `/containers/${NOBODY}/archive?path=/etc/shadow` },
      `No worker calls GET /containers/${NOBODY}/archive`,
    ],
    ['the same call by a version', { method: 'GET', path: '/v1.41/info' }, 'No worker calls GET /v1.41/info'],
    [
      'a way around through dots',
      { method: 'GET', path: '/_ping/../containers/json' },
      'No worker calls GET /_ping/../containers/json',
    ],
    [
      'listing everybody’s containers',
      { method: 'GET', path: '/containers/json?all=true' },
      'A "list" with parameters that no worker sends',
    ],
    [
      'listing containers by another label',
      { method: 'GET', path: `/containers/json?all=true&filters=${encodeURIComponent('{"label":["com.docker"]}')}` },
      'A "list" with parameters that no worker sends',
    ],
    [
      'looking at another image',
      { method: 'GET', path: '/images/runnel/redis/json' },
      'A look at the image "runnel/redis", which belongs to no language',
    ],
    [
      'attaching without taking over',
      { path: `/containers/${NOBODY}/attach?stream=1&stdin=1&stdout=1&stderr=1` },
      'Only attaching takes over its connection',
    ],
    [
      'attaching for the logs',
      { path: `/containers/${NOBODY}/attach?logs=1`, headers: UPGRADE },
      'A "attach" with parameters that no worker sends',
    ],
    [
      'a container by its name',
      { path: '/containers/runnel-1000000/start' },
      'No worker calls POST /containers/runnel-1000000/start',
    ],
    [
      'a container by a shortened id',
      { path: `/containers/${NOBODY.slice(0, 12)}/start` },
      `No worker calls POST /containers/${NOBODY.slice(0, 12)}/start`,
    ],
    [
      'updating a restart policy',
      { path: `/containers/${NOBODY}/update`, body: { RestartPolicy: { Name: 'always' } } },
      'An update of something other than memory and processes',
    ],
    [
      'a body of a megabyte',
      { path: '/containers/create?name=runnel-1000000', body: 'x'.repeat(1 << 20) },
      'A body that is far longer than any that a worker sends',
    ],
    [
      'a body for a call that takes none',
      { path: `/containers/${NOBODY}/start`, body: { Binds: ['/:/host'] } },
      'A body for "start", which takes none',
    ],
    [
      'updating to more memory than a job may have',
      { path: `/containers/${NOBODY}/update`, body: { Memory: 2 ** 32, MemorySwap: 2 ** 32, PidsLimit: 9 } },
      'A sandbox with memoryBytes 4294967296: 2147483648 is the most that a worker may give one',
    ],
  ])('%s', (_what, attempt, reason) => expectRefusal(attempt, reason))

  it('to touch a container that is not a sandbox, by any call', async () => {
    const place = `/containers/${stranger}`
    const attempts: readonly Attempt[] = [
      { path: `${place}/start` },
      { path: `${place}/attach?stream=1&stdin=1&stdout=1&stderr=1`, headers: UPGRADE },
      { path: `${place}/update`, body: { Memory: 1 << 30, MemorySwap: 1 << 30, PidsLimit: 9 } },
      { method: 'GET', path: `${place}/json` },
      { method: 'DELETE', path: `${place}?force=true&v=true` },
    ]
    const reason = `The container ${stranger.slice(0, 12)} is not a sandbox`
    for (const attempt of attempts) await expectRefusal(attempt, reason)
    expect((await engine.getContainer(stranger).inspect()).State.Status).toBe('created')
  })

  it('no call for a container that does not exist: the engine answers that itself', async () => {
    const answer = { status: 404, message: `No such container: ${NOBODY}` }
    expect(await ask({ path: `/containers/${NOBODY}/start` })).toEqual(answer)
    const attach = { path: `/containers/${NOBODY}/attach?stream=1&stdin=1&stdout=1&stderr=1`, headers: UPGRADE }
    expect(await ask(attach)).toEqual(answer)
  })

  it('one more sandbox than there may be', async () => {
    await using full = await startProxy(0)
    const spec = {
      image: 'runnel/python',
      confinement: 'cell',
      use: 'programs',
      appArmor: undefined,
      uid: 1_230_004,
      memoryBytes: 1 << 26,
      processes: 8,
      hasForkServer: false,
      diskBytes: 0,
      cpus: 1,
      runtime: undefined,
      labels: { runnel: '1', 'runnel.worker': 'test-full' },
      command: AGENT_COMMAND,
    } as const
    const options = { socketPath: full.socketPath, method: 'POST', path: '/containers/create?name=runnel-1230004' }
    const { promise, resolve } = Promise.withResolvers<http.IncomingMessage>()
    http.request(options, resolve).end(JSON.stringify(toCreateOptions(spec)))
    const answer = await promise
    expect([answer.statusCode, await json(answer)]).toEqual([
      403,
      {
        message: 'The Docker proxy refused: One more sandbox: there are 0, which is the most (RUNNEL_PROXY_CONTAINERS)',
      },
    ])
  })

  it('a sandbox with a field twice: the engine gets a body that the proxy wrote', async () => {
    const spec = {
      image: 'runnel/python',
      confinement: 'container',
      use: 'programs',
      appArmor: undefined,
      uid: 1_230_000,
      memoryBytes: 1 << 26,
      processes: 8,
      hasForkServer: false,
      diskBytes: 1 << 20,
      cpus: 1,
      runtime: undefined,
      labels: { runnel: '1', 'runnel.worker': 'test-twice' },
      command: AGENT_COMMAND,
    } as const
    const honest = JSON.stringify(toCreateOptions(spec))
    const twice = honest.replace('"HostConfig":', '"HostConfig":{"Binds":["/:/host"]},"HostConfig":')
    const { status, Id = '' } = await ask({ path: '/containers/create?name=runnel-1230000', body: twice })
    expect(status).toBe(201)
    try {
      expect((await engine.getContainer(Id).inspect()).HostConfig.Binds).toBeNull()
    } finally {
      await engine.getContainer(Id).remove({ force: true })
    }
  })
})
