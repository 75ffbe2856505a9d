import { once } from 'node:events'
import { createServer } from 'node:net'
import { Readable } from 'node:stream'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import type { QueuedSandbox } from '@runnel/contract/internal'
import { redisTest as base } from '@runnel/redis/testing'
import { createLeases, createSandboxRecords } from '@runnel/registry'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { createGateway } from '../src/client.ts'
import { startGatewayServer } from '../src/server.ts'
import { sign } from '../src/signature.ts'
import { toPath } from '../src/wire.ts'
import { makeCertificate } from './make-certificate.ts'
import { createEcho } from './serve-echo.ts'

const OURS = 'sbx-0123456789abcdef01234567'
const THEIRS = 'sbx-76543210fedcba9876543210'
const MIB = 1024 * 1024
const log = { warn: () => {}, error: () => {} }

/** A gateway with a sandbox of each of two tenants, and an API that reaches it. */
const test = base.extend('house', async ({ redis, prefix, resources }) => {
  const common = { redis, prefix, retentionMs: 60_000 }
  const [records, leases] = [createSandboxRecords(common), createLeases(common)]
  const server = resources.use(await startGatewayServer({ address: { host: '127.0.0.1', port: 0 }, log }))
  const url = `http://127.0.0.1:${server.port}`
  const accept = async (id: string, tenantId: string): Promise<void> => {
    const sandbox: QueuedSandbox = {
      ...{ kind: 'sandbox', id, tenantId, submittedAt: new Date().toISOString(), template: 'python', keyId: null },
      limits: { memoryBytes: MIB, diskBytes: MIB, processes: 1 },
      ...{ env: {}, workDir: '/home/user', metadata: {}, files: [], autoResume: false },
      ...{ timeoutMs: 60_000, idleTimeoutMs: 60_000 },
    }
    for (const [name, key, ...words] of records.acceptCommands(sandbox)) await redis.call(name, key, ...words)
    await records.start(id, { startedAt: new Date(), endsAt: new Date(Date.now() + 60_000) })
  }
  const serve = async (id: string, tenantId: string) => {
    await accept(id, tenantId)
    const secret = `${tenantId}'s secret`
    const echo = createEcho(id, secret)
    const lease = { worker: 'w', gateway: url, secret, renewal: '1' }
    await leases.renew([{ id, lease, lifeMs: 60_000 }])
    return { ...echo, secret, serving: server.serve(echo.served) }
  }
  const [ours, theirs] = [await serve(OURS, 'acme'), await serve(THEIRS, 'blue')]
  const gateway = resources.use(createGateway({ records, leases }))
  return { records, leases, url, ours, theirs, gateway }
})

const post = (url: string, path: string, headers: Readonly<Record<string, string>>): Promise<Response> =>
  fetch(`${url}${path}`, { method: 'POST', headers })

describe('The gateway', () => {
  test('serves only who has the secret of that sandbox, each request once', async ({ house }) => {
    const { url, ours, theirs } = house
    const path = toPath(OURS, 'commands', {})
    const good = sign(ours.secret, 'POST', path)
    expect((await post(url, path, good)).status).toBe(200)
    const refused = await Promise.all([
      // A replayed request, another tenant's secret, a signature for another act, no signature.
      post(url, path, good),
      post(url, path, sign(theirs.secret, 'POST', path)),
      post(url, path, sign(ours.secret, 'POST', toPath(OURS, 'delete', {}))),
      post(url, path, {}),
      // A sandbox that is not here, and paths that are none.
      post(url, toPath('sbx-000000000000000000000000', 'commands', {}), good),
      post(url, '/metrics', {}),
      post(url, `${path}&more`, sign(ours.secret, 'POST', `${path}&more`)),
      fetch(`${url}${path}`, { headers: sign(ours.secret, 'POST', path) }),
    ])
    const answers = await Promise.all(refused.map(async (answer) => [answer.status, await answer.text()]))
    expect(new Set(answers.map(String)).size).toBe(1)
    expect(answers[0]?.[0]).toBe(401)
    expect([ours.count.calls, theirs.count.calls]).toEqual([1, 0])
  })

  test('answers a call with what its handler says, and its refusals as they are', async ({ house }) => {
    const { gateway, ours } = house
    expect((await gateway.call(OURS, 'commands', {})).answer).toEqual({ commands: [] })
    await expect(gateway.call(OURS, 'metrics', {})).rejects.toMatchObject({
      code: 'command-not-found',
      message: 'Only files are served here',
    })
    await eventually(() => expect(ours.count.open).toBe(0))
  })

  test('streams bytes both ways, no faster than they are taken', async ({ house }) => {
    const { gateway, ours } = house
    const body = Readable.from(Array.from({ length: 16 }, () => Buffer.alloc(MIB, 'y')))
    const { answer } = await gateway.call(OURS, 'write-file', { path: 'up' }, { body })
    expect(answer).toEqual({ sizeBytes: 16 * MIB })

    const { body: endless } = await gateway.call(OURS, 'read-file', { path: 'down' })
    await once(endless, 'readable')
    // Nobody reads: the sender stands still within what sockets and buffers hold.
    let before = -1
    await eventually(async () => {
      const sent = ours.count.sentBytes
      const stands = sent === before
      before = sent
      expect(stands).toBe(true)
    })
    expect(ours.count.sentBytes).toBeLessThan(16 * MIB)
    endless.destroy()
    await eventually(() => expect(ours.count.open).toBe(0))
  })

  test('connects a terminal: bytes both ways until one side ends it', async ({ house }) => {
    const { gateway } = house
    const request = { commandId: 'cmd-0123456789abcdef', env: {}, cols: 80, rows: 24, isNew: true }
    const { answer, stream } = await gateway.connect(OURS, 'terminal', request)
    expect(answer).toEqual({ pid: 7, isNew: true })
    stream.end('typed')
    expect(Buffer.concat(await stream.toArray()).toString()).toBe('typed')
  })

  test('goes on at once after an upload that was refused half way', async ({ house }) => {
    const { gateway, ours } = house
    const startedMs = performance.now()
    for (const bytes of [1, 20, 60].map((mib) => mib * MIB)) {
      const pieces = function* () {
        for (let left = bytes; left > 0; left -= 65_536) yield Buffer.alloc(65_536)
      }
      const upload = gateway.call(OURS, 'write-file', { path: 'full' }, { body: Readable.from(pieces()) })
      await expect(upload).rejects.toMatchObject({ code: 'disk-full' })
      expect((await gateway.call(OURS, 'commands', {})).answer).toEqual({ commands: [] })
    }
    expect(performance.now() - startedMs).toBeLessThan(5_000)
    await eventually(() => expect(ours.count.open).toBe(0))
  })

  test('speaks TLS with a certificate, and only to who trusts that', async ({ house, resources }) => {
    const { gateway, leases, ours } = house
    const { cert, key } = await makeCertificate()
    const tls = { cert, key }
    const server = resources.use(await startGatewayServer({ address: { host: '127.0.0.1', port: 0 }, tls, log }))
    resources.use(server.serve(ours.served))
    const url = `https://localhost:${server.port}`
    await leases.renew([
      { id: OURS, lease: { worker: 'w', gateway: url, secret: ours.secret, renewal: '2' }, lifeMs: 60_000 },
    ])
    await expect(gateway.call(OURS, 'commands', {})).rejects.toMatchObject({ code: 'gateway-unreachable' })

    const trusted = getCACertificates('default')
    setDefaultCACertificates([...trusted, cert])
    resources.defer(() => setDefaultCACertificates(trusted))
    const trusting = resources.use(createGateway(house))
    expect((await trusting.call(OURS, 'commands', {})).answer).toEqual({ commands: [] })
    const request = { commandId: 'cmd-0123456789abcdef', env: {}, cols: 80, rows: 24, isNew: true }
    const { stream } = await trusting.connect(OURS, 'terminal', request)
    stream.end('typed')
    expect(Buffer.concat(await stream.toArray()).toString()).toBe('typed')
  })

  test('says at once that a worker cannot be reached, and that a sandbox has ended or never was', async ({ house }) => {
    const { gateway, leases, records } = house
    const free = createServer().listen(0, '127.0.0.1')
    await once(free, 'listening')
    const address = free.address()
    const port = typeof address === 'object' ? address?.port : 0
    await new Promise((closed) => free.close(closed))
    const lease = { worker: 'w', gateway: `http://127.0.0.1:${port}`, secret: 's', renewal: '2' }
    await leases.renew([{ id: OURS, lease, lifeMs: 60_000 }])
    const startedMs = performance.now()
    await expect(gateway.call(OURS, 'commands', {})).rejects.toMatchObject({ code: 'gateway-unreachable', status: 503 })
    expect(performance.now() - startedMs).toBeLessThan(2_000)

    await records.end(OURS, 'idle')
    await leases.remove(OURS)
    await expect(gateway.call(OURS, 'commands', {})).rejects.toMatchObject({ code: 'sandbox-ended', ending: 'idle' })
    const unknown = 'sbx-000000000000000000000000'
    await expect(gateway.call(unknown, 'commands', {})).rejects.toMatchObject({ code: 'sandbox-not-found' })
  })

  test('tells who waits how the sandbox ended, when its connections are cut', async ({ house }) => {
    const { gateway, records, ours } = house
    const { body } = await gateway.call(OURS, 'read-file', { path: 'down' })
    const { stream } = await gateway.connect(OURS, 'terminal', {
      ...{ commandId: 'cmd-0123456789abcdef', env: {}, cols: 80, rows: 24, isNew: true },
    })
    const closed = once(stream, 'close')
    const failed = body.toArray()
    await records.end(OURS, 'lost')
    ours.serving[Symbol.dispose]()
    await expect(failed).rejects.toMatchObject({ code: 'sandbox-ended', ending: 'lost' })
    await closed
  })

  test('remembers who holds a sandbox, and still says at once that it has ended', async ({ house }) => {
    const { gateway, leases, records, ours } = house
    await gateway.call(OURS, 'commands', {})
    await leases.remove(OURS)
    expect((await gateway.call(OURS, 'commands', {})).answer).toEqual({ commands: [] })
    expect(await gateway.find(OURS)).toMatchObject({ tenantId: 'acme', limits: { processes: 1 } })
    await records.end(OURS, 'deleted')
    ours.serving[Symbol.dispose]()
    const ended = { code: 'sandbox-ended', ending: 'deleted' }
    await expect(gateway.call(OURS, 'commands', {})).rejects.toMatchObject(ended)
    await expect(gateway.find(OURS)).rejects.toMatchObject(ended)
  })
})
