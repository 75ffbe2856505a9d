import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  commandSchema,
  errorBodySchema,
  jobSchema,
  LIMITS,
  sandboxSchema,
  storedFileSchema,
} from '@runnel/contract/public'
import { openPrefix } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { nameOf, startSystem, stdoutOf } from '@runnel/testing/system'
import { test as base, describe, expect } from 'vitest'

const MIB = 1024 * 1024

/** All tests of this file share the system. */
const test = base
  .extend('settings', { scope: 'file' }, { RUNNEL_POOL_MIN: '0', RUNNEL_MAX_FILE_BYTES: String(40 * MIB) })
  .extend('system', { scope: 'file' }, async ({ settings }, { onCleanup }) => {
    const parts = new AsyncDisposableStack()
    onCleanup(() => parts.disposeAsync())
    const folder = await mkdtemp(join(tmpdir(), 'runnel-files-'))
    parts.defer(() => rm(folder, { recursive: true }))
    const env = { ...settings, RUNNEL_BLOBS_FOLDER: folder }
    return parts.use(await startSystem({ ...parts.use(openPrefix()), env }))
  })

const upload = async (url: string, bytes: Uint8Array, name: string): Promise<string> => {
  const answer = await fetch(`${url}/v1/files?name=${name}`, { method: 'POST', body: bytes })
  return storedFileSchema.parse(await answer.json()).id
}

const run = async (url: string, submission: object) => {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${url}/v1/jobs?wait=60000`, { method: 'POST', headers, body: JSON.stringify(submission) })
  return jobSchema.parse(await answer.json())
}

const download = async (url: string, fileId = ''): Promise<Buffer> =>
  Buffer.from(await (await fetch(`${url}/v1/files/${fileId}/content`)).arrayBuffer())

describe.concurrent('A job with files', () => {
  test('reads uploaded files, and what it makes is kept when its place is gone', async ({ system: { url } }) => {
    const large = randomBytes(24 * MIB)
    const fileId = await upload(url, large, 'large.bin')
    const job = await run(url, {
      language: 'python',
      files: [
        { path: 'main.py', content: MAKE_FILES },
        { path: 'lib/own.py', content: 'NAME = "own"' },
        { path: 'data/large.bin', fileId },
      ],
      entry: 'main.py',
      args: ['an argument'],
      stdin: 'some input',
      artifacts: ['*.txt', 'out/**', 'big.bin', 'link'],
      limits: { diskBytes: 128 * MIB, memoryBytes: 512 * MIB, cpuMs: 30_000 },
    })
    expect(job.outcome).toEqual({ type: 'exited', exitCode: 3 })
    expect(stdoutOf(job)).toBe(`own ['an argument'] some input ${large.length} /workspace /workspace\n`)
    expect(job.artifacts?.map(({ path }) => path)).toEqual(['copy.txt', 'out/a/b.png', 'out/copy.bin'])
    expect(job.artifactsLeftOut).toEqual([{ path: 'big.bin', reason: 'too-large' }])
    const [text, picture, copy] = job.artifacts ?? []
    expect((await download(url, text?.fileId)).toString()).toBe('a line\n')
    expect((await download(url, copy?.fileId)).equals(large)).toBe(true)
    const about = storedFileSchema.parse(await (await fetch(`${url}/v1/files/${picture?.fileId}`)).json())
    expect(about).toMatchObject({ name: 'b.png', contentType: 'image/png', sizeBytes: 3, sha256: picture?.sha256 })
  })

  test('keeps what it made before a limit ended it, and a job that makes nothing keeps nothing', async ({
    system: { url },
  }) => {
    const code = 'open("a.txt", "w").write("1")\nwhile True: pass'
    const ended = await run(url, { language: 'python', code, artifacts: ['*.txt'], limits: { wallMs: 1_500 } })
    expect(ended.outcome).toEqual({ type: 'timed-out', limit: 'wall', limitMs: 1_500 })
    expect(ended.artifacts?.map(({ path, sizeBytes }) => [path, sizeBytes])).toEqual([['a.txt', 1]])
    const none = await run(url, { language: 'python', code: 'print(1)', artifacts: ['*.txt'] })
    expect([none.outcome, none.artifacts, none.artifactsLeftOut]).toEqual([
      { type: 'exited', exitCode: 0 },
      [],
      undefined,
    ])
  })

  test('and a sandbox begins with an uploaded file', async ({ system: { url } }) => {
    const large = randomBytes(3 * MIB)
    const fileId = await upload(url, large, 'large.bin')
    const post = async (path: string, body: object) => {
      const headers = { 'content-type': 'application/json' }
      return fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    }
    const files = [
      { path: 'data/large.bin', fileId },
      { path: 'small.txt', content: 'small' },
    ]
    const made = await post('/v1/sandboxes?wait=60000', { template: 'python', files })
    const { id, status } = sandboxSchema.parse(await made.json())
    expect(status).toBe('running')
    const command = 'sha256sum < data/large.bin; cat small.txt'
    const run = commandSchema.parse(await (await post(`/v1/sandboxes/${id}/commands?wait=20000`, { command })).json())
    const sha256 = createHash('sha256').update(large).digest('hex')
    expect(run.output?.stdout.data).toBe(`${sha256}  -\nsmall`)
    await fetch(`${url}/v1/sandboxes/${id}`, { method: 'DELETE' })
  })

  test('is refused when a file does not exist, or is larger than its disk', async ({ system: { url } }) => {
    const diskBytes = LIMITS.diskBytes.minimum
    const fileId = await upload(url, new Uint8Array(diskBytes + 1), 'zeros')
    const submit = async (id: string) => {
      const files = [
        { path: 'main.py', content: 'print(1)' },
        { path: 'data', fileId: id },
      ]
      const body = JSON.stringify({ language: 'python', files, entry: 'main.py', limits: { diskBytes } })
      const answer = await fetch(`${url}/v1/jobs`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      })
      return [answer.status, errorBodySchema.parse(await answer.json()).error.code]
    }
    expect(await submit(`file_${'0'.repeat(32)}`)).toEqual([404, 'file-not-found'])
    expect(await submit(fileId)).toEqual([413, 'payload-too-large'])
  })
})

describe('What cannot begin', () => {
  test('says which of its files was deleted while it waited, or that its work folder cannot be made', async ({
    system,
  }) => {
    const { url, workers } = system
    const [worker] = workers
    const fileId = await upload(url, randomBytes(10), 'data')
    const files = [{ path: 'data.csv', fileId }]
    if (worker === undefined) throw new Error('There is no worker')
    await system.call('POST', `/v1/workers/${nameOf(worker)}/drain`)
    const main = { path: 'main.py', content: 'print(1)' }
    const job = await system.submit({ language: 'python', files: [main, ...files], entry: 'main.py' })
    const made = await system.call('POST', '/v1/sandboxes', { files })
    const { id } = sandboxSchema.parse(await made.json())
    expect((await system.call('DELETE', `/v1/files/${fileId}`)).status).toBe(204)
    await system.call('POST', `/v1/workers/${nameOf(worker)}/resume`)

    const why = `file "data.csv" from the upload ${fileId} could not be made. There is no file with this id; a file is kept only for a while`
    expect((await system.finished(job.id)).outcome).toMatchObject({ type: 'sandbox-failed', message: `The ${why}` })
    const read = async () => sandboxSchema.parse(await (await system.call('GET', `/v1/sandboxes/${id}`)).json())
    await eventually(async () => expect((await read()).status).toBe('ended'), { withinMs: 20_000 })
    expect(await read()).toMatchObject({ ending: 'sandbox-failed', endingMessage: `its ${why}` })

    const refused = await system.call('POST', '/v1/sandboxes?wait=60000', { workDir: '/usr/none' })
    const { error } = errorBodySchema.parse(await refused.json())
    expect([refused.status, error]).toMatchObject([410, { code: 'sandbox-ended', ending: 'sandbox-failed' }])
    expect(error.message).toMatch(
      /^The sandbox has ended: its workDir "\/usr\/none" could not be made\. Cannot mkdir this: /,
    )
  })
})

/** Also leaves a process that would go on writing, a link to a file that is none of its own, and a file that is too large. */
const MAKE_FILES = `
import os, subprocess, sys
sys.path.insert(0, 'lib')
import own
data = open('data/large.bin', 'rb').read()
print(own.NAME, sys.argv[1:], sys.stdin.read(), len(data), os.getcwd(), os.environ['HOME'])
os.makedirs('out/a')
open('copy.txt', 'w').write('a line\\n')
open('out/copy.bin', 'wb').write(data)
open('out/a/b.png', 'wb').write(b'png')
os.symlink('/etc/passwd', 'link')
os.truncate(os.open('big.bin', os.O_CREAT | os.O_RDWR), 41 * 1024 * 1024)
subprocess.Popen(['sh', '-c', 'while true; do date >> late.log; sleep 0.01; done'], start_new_session=True)
sys.exit(3)
`
