import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { eventually } from '@runnel/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Certificates, makeCertificates } from './certificates.ts'
import { startProxy, type TestProxy } from './proxy-fixture.ts'
import { run, startWorker } from './run.ts'

/** Does what dockerd does with `--tlsverify`: serves clients with a certificate of the authority, and no others. */
const startTls = async ({ ca, serverCert, serverKey }: Certificates, socketPath: string) => {
  const settings = { ca, cert: serverCert, key: serverKey, requestCert: true, rejectUnauthorized: true }
  const clients = new Set<Socket>()
  const server = createServer({ ...settings, allowHalfOpen: true }, (client) => {
    const engine = connect({ path: socketPath, allowHalfOpen: true })
    client.pipe(engine).pipe(client)
    client.on('error', () => engine.destroy()).on('close', () => engine.destroy())
    engine.on('error', () => client.destroy())
  })
  /** Why it refused clients, in the codes of TLS. */
  const refusals: (string | undefined)[] = []
  server.on('tlsClientError', ({ code }: NodeJS.ErrnoException) => void refusals.push(code))
  // Also connections that never complete a handshake.
  server.on('connection', (client: Socket) => void clients.add(client))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    refusals,
    host: `tcp://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      for (const client of clients) client.destroy()
      await closed
    },
  }
}

describe('An engine behind TLS', () => {
  let certificates: Certificates
  let strangers: Certificates
  let proxy: TestProxy
  beforeAll(async () => {
    ;[certificates, strangers, proxy] = await Promise.all([makeCertificates(), makeCertificates(), startProxy()])
    // They trust the engine, so only the engine can refuse them.
    await writeFile(join(strangers.folder, 'ca.pem'), certificates.ca)
  })
  afterAll(async () => {
    await Promise.all([certificates, strangers, proxy].map((part) => part[Symbol.asyncDispose]()))
  })

  it('runs programs for a worker with the certificate, each attached over its own connection', async () => {
    await using tls = await startTls(certificates, proxy.socketPath)
    const env = { DOCKER_HOST: tls.host, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: certificates.folder }
    const worker = startWorker(env)
    try {
      await worker.check()
      expect(await run(worker, 'print("over TLS")')).toEqual({
        printed: 'over TLS\n',
        outcome: { type: 'exited', exitCode: 0 },
      })
      expect((await run(worker, 'print("x" * 900_000)')).printed).toHaveLength(900_001)
    } finally {
      await worker[Symbol.asyncDispose]()
    }
    await eventually(async () => (await worker.containers()).length === 0)
  })

  it.each([
    ['no TLS at all', () => ({ DOCKER_TLS_VERIFY: '' }), 'ERR_SSL_HTTP_REQUEST'],
    // Node closes the connection of a client that it cannot verify.
    ['a certificate of another authority', () => ({ DOCKER_CERT_PATH: strangers.folder }), 'ECONNRESET'],
  ])('answers no worker with %s', async (_what, over, refusal) => {
    await using tls = await startTls(certificates, proxy.socketPath)
    const before = proxy.passed.length
    const worker = startWorker({ DOCKER_HOST: tls.host, DOCKER_TLS_VERIFY: '1', ...over() })
    await expect(worker.check()).rejects.toThrow('socket hang up')
    await worker[Symbol.asyncDispose]()
    expect(proxy.passed.length).toBe(before)
    expect(tls.refusals[0]).toBe(refusal)
  })

  it('gets nothing from a worker without an authority to check it with', async () => {
    await using tls = await startTls(certificates, proxy.socketPath)
    const before = proxy.passed.length
    const worker = startWorker({ DOCKER_HOST: tls.host, DOCKER_TLS_VERIFY: '1' })
    await expect(worker.check()).rejects.toThrow('self-signed certificate in certificate chain')
    await worker[Symbol.asyncDispose]()
    expect(proxy.passed.length).toBe(before)
  })

  it('with a certificate of another authority gets nothing from a worker', async () => {
    await using tls = await startTls({ ...strangers, ca: certificates.ca }, proxy.socketPath)
    const env = { DOCKER_HOST: tls.host, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: certificates.folder }
    const worker = startWorker(env)
    await expect(worker.check()).rejects.toThrow('unable to verify the first certificate')
    await worker[Symbol.asyncDispose]()
  })
})
