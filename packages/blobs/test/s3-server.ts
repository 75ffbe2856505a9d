import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const PROGRAM = createRequire(import.meta.url).resolve('s3rver/bin/s3rver.js')
const BUCKET = 'runnel'

export interface S3Server extends AsyncDisposable {
  readonly url: string
  readonly bucket: string
}

/** A small S3 server as a process of its own, with an empty bucket. The keys that it knows are in the environment of this process. */
export const startS3 = async (): Promise<S3Server> => {
  const folder = await mkdtemp(join(tmpdir(), 'runnel-s3-'))
  const args = ['--directory', folder, '--address', '127.0.0.1', '--port', '0', '--configure-bucket', BUCKET]
  const server = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(server, 'exit')
  let text = ''
  server.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
  let port: string | undefined
  while (port === undefined) {
    await Promise.race([once(server.stdout, 'data'), exited])
    if (server.exitCode !== null) throw new Error(`The S3 server ended at once: ${text}`)
    port = /:(\d+)/.exec(text)?.[1]
  }
  // What this server takes, and nothing else.
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' })
  return {
    url: `http://127.0.0.1:${port}`,
    bucket: BUCKET,
    async [Symbol.asyncDispose]() {
      server.kill()
      await exited
      await rm(folder, { recursive: true })
    },
  }
}
