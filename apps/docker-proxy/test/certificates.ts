import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A folder for DOCKER_CERT_PATH, and the certificate of a server for it. */
export interface Certificates extends AsyncDisposable {
  readonly folder: string
  readonly ca: Buffer
  readonly serverCert: Buffer
  readonly serverKey: Buffer
}

/** An authority made for this test, and its certificates for 127.0.0.1 and for one client. */
export const makeCertificates = async (): Promise<Certificates> => {
  const folder = await mkdtemp(join(tmpdir(), 'runnel-certificates-'))
  const openssl = (...args: string[]) => run('openssl', args, { cwd: folder })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'] as const
  const sign = async (name: string, usage: string) => {
    await writeFile(join(folder, `${name}.ext`), `subjectAltName=IP:127.0.0.1\nextendedKeyUsage=${usage}\n`)
    await openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`)
    const from = ['-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial']
    await openssl('x509', '-req', ...from, '-days', '1', '-extfile', `${name}.ext`, '-out', `${name}.pem`)
  }
  await openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '1', '-subj', '/CN=test')
  await sign('server', 'serverAuth')
  await sign('client', 'clientAuth')
  await rename(join(folder, 'client.pem'), join(folder, 'cert.pem'))
  await rename(join(folder, 'client.key'), join(folder, 'key.pem'))
  const [ca, serverCert, serverKey] = await Promise.all(
    ['ca.pem', 'server.pem', 'server.key'].map((name) => readFile(join(folder, name))),
  )
  if (ca === undefined || serverCert === undefined || serverKey === undefined) throw new Error('openssl made nothing')
  return {
    folder,
    ca,
    serverCert,
    serverKey,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}
