import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { type ErrorBody, errorBodySchema, storedFileSchema } from '@runnel/contract/public'
import { redisTest } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { startApi } from './api.ts'
import { holdKey } from './key-holder.ts'

const MIB = 1024 * 1024
const BOUNDS = { files: 20, bytes: 25 * MIB }
const MAX_BYTES = 10 * MIB

/** An API with a key of each kind, and a folder of its own for files. */
const test = redisTest.extend('house', async ({ redisUrl, prefix, resources, redis, redisKeys }, { onCleanup }) => {
  const blobsFolder = await mkdtemp(join(tmpdir(), 'runnel-files-'))
  onCleanup(() => rm(blobsFolder, { recursive: true }))
  const api = await startApi({ redisUrl, prefix, resources, blobsFolder, fileBounds: BOUNDS, maxFileBytes: MAX_BYTES })
  const url = `${await api.listen()}/v1/files`
  const [owner, writer, reader, other] = [
    await holdKey(api, { tenant: 'acme', scopes: ['submit', 'read'] }),
    await holdKey(api, { tenant: 'acme', scopes: ['submit'] }),
    await holdKey(api, { tenant: 'acme', scopes: ['read'] }),
    await holdKey(api, { tenant: 'umbrella', scopes: ['submit', 'read'] }),
  ]
  const send = (path = '', init: RequestInit & { as?: typeof owner } = {}) =>
    fetch(`${url}${path}`, { ...init, headers: { ...(init.as ?? owner).headers, ...init.headers } })
  const upload = async (body: RequestInit['body'], query = '?name=data.csv', init: RequestInit = {}) => {
    const headers = body instanceof FormData ? {} : { 'content-type': 'text/csv' }
    const response = await send(query, { method: 'POST', body: body ?? null, headers, duplex: 'half', ...init })
    const json: unknown = await response.json()
    const { status, headers: given } = response
    const error = errorBodySchema.safeParse(json).data?.error
    return { status, location: given.get('location'), file: storedFileSchema.safeParse(json).data, error }
  }
  return {
    api,
    url,
    owner,
    writer,
    reader,
    other,
    send,
    upload,
    kept: () => readdir(join(blobsFolder, `files-of-${prefix}`, 'acme')).catch(() => []),
    used: () => redis.hgetall(redisKeys.filesUsed('acme')),
  }
})

const streamOf = (bytes: Buffer) => Readable.toWeb(Readable.from(pieces(bytes))) as ReadableStream<Uint8Array>
function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 256 * 1024) yield bytes.subarray(at, at + 256 * 1024)
}
const errorOf = ({ status, error }: { status: number; error: ErrorBody['error'] | undefined }) => [
  status,
  error?.code,
  error?.message,
]

describe('/v1/files', () => {
  test('keeps a file, tells about it, gives it back whole and in parts, and deletes it', async ({ house }) => {
    const { send, upload, kept, used } = house
    const bytes = randomBytes(9 * MIB + 7)
    const { status, location, file } = await upload(bytes)
    if (file === undefined) throw new Error(`The upload was answered with ${status}`)
    expect([status, location]).toEqual([201, `/v1/files/${file.id}`])
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    expect(file).toMatchObject({ name: 'data.csv', contentType: 'text/csv', sizeBytes: bytes.length, sha256 })
    expect(await (await send(`/${file.id}`)).json()).toEqual(file)
    expect(await (await send()).json()).toEqual({ files: [file] })

    const content = await send(`/${file.id}/content`)
    expect(Buffer.from(await content.arrayBuffer()).equals(bytes)).toBe(true)
    expect(Object.fromEntries(content.headers)).toMatchObject({
      'content-type': 'text/csv',
      'content-length': String(bytes.length),
      'content-disposition': `attachment; filename="data.csv"; filename*=UTF-8''data.csv`,
      'x-content-type-options': 'nosniff',
      'accept-ranges': 'bytes',
      etag: `"${sha256}"`,
    })
    const part = async (range: string, more = {}) => {
      const response = await send(`/${file.id}/content`, { headers: { range, ...more } })
      const { status, headers } = response
      return { status, said: headers.get('content-range'), bytes: Buffer.from(await response.arrayBuffer()) }
    }
    const size = bytes.length
    expect(await part('bytes=5-9')).toEqual({ status: 206, said: `bytes 5-9/${size}`, bytes: bytes.subarray(5, 10) })
    expect(await part('bytes=-3')).toMatchObject({ status: 206, bytes: bytes.subarray(-3) })
    expect(await part(`bytes=${size}-`)).toMatchObject({ status: 416, said: `bytes */${size}` })
    expect(await part('bytes=0-9', { 'if-range': '"another"' })).toMatchObject({ status: 200, said: null })

    expect((await send(`/${file.id}`, { method: 'DELETE' })).status).toBe(204)
    for (const path of [`/${file.id}`, `/${file.id}/content`]) expect((await send(path)).status).toBe(404)
    expect([await kept(), await used()]).toEqual([[], {}])
  })

  test('takes a form with one file, by its own name', async ({ house }) => {
    const { send, upload, kept, used } = house
    const bytes = randomBytes(3 * MIB)
    const form = new FormData()
    form.append('file', new Blob([bytes], { type: 'image/png' }), 'Bild „1“ 😀.png')
    const { status, file } = await upload(form, '')
    expect([status, file]).toEqual([
      201,
      expect.objectContaining({ name: 'Bild „1“ 😀.png', contentType: 'image/png', sizeBytes: bytes.length }),
    ])
    const content = await send(`/${file?.id}/content`)
    expect(Buffer.from(await content.arrayBuffer()).equals(bytes)).toBe(true)
    expect(content.headers.get('content-disposition')).toBe(
      `attachment; filename="Bild _1_ __.png"; filename*=UTF-8''Bild%20%E2%80%9E1%E2%80%9C%20%F0%9F%98%80.png`,
    )
    await send(`/${file?.id}`, { method: 'DELETE' })

    form.append('file', new Blob(['2']), '2.txt')
    const more = 'Cannot read the form: it has more than one part; send one file, and nothing else'
    expect(errorOf(await upload(form, ''))).toEqual([400, 'invalid-request', more])
    const none = 'Cannot read the form: it has no file; send one as a part with a `filename`'
    expect(errorOf(await upload(new FormData(), ''))).toEqual([400, 'invalid-request', none])
    const broken = { headers: { 'content-type': 'multipart/form-data; boundary=x' } }
    const half = '--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\nhalf'
    const invalid = 'Cannot read the form: it is not valid multipart/form-data'
    expect(errorOf(await upload(half, '', broken))).toEqual([400, 'invalid-request', invalid])
    expect([await kept(), await used()]).toEqual([[], {}])
  })

  test('takes any type of body as it is, an empty one too, and any name', async ({ house }) => {
    const { send, upload } = house
    for (const [body, type, name] of [
      ['{"a": 1', 'application/json', '../../etc/passwd'],
      ['', 'text/plain', 'a"b'],
      ['<script>', 'text/html; charset=utf-8', 'x'.repeat(255)],
    ] as const) {
      const headers = { 'content-type': type }
      const { status, file } = await upload(body, `?name=${encodeURIComponent(name)}`, { headers })
      expect([status, file]).toEqual([
        201,
        expect.objectContaining({ name, contentType: type, sizeBytes: body.length }),
      ])
      expect(await (await send(`/${file?.id}/content`)).text()).toBe(body)
    }
    const long = await upload('1', `?name=${'x'.repeat(256)}`)
    expect([long.status, long.error?.details?.[0]?.message]).toEqual([
      400,
      `Cannot use the file name "${'x'.repeat(256)}": it is longer than 255 bytes`,
    ])
  })

  test('refuses what is too much with a sentence, whether its size is known or not, and keeps nothing', async ({
    house,
  }) => {
    const { upload, kept, used } = house
    const large = Buffer.alloc(MAX_BYTES + 1)
    const tooLarge = `Cannot store the file: it is larger than ${MAX_BYTES} bytes; send a smaller one`
    expect(errorOf(await upload(large))).toEqual([413, 'payload-too-large', tooLarge])
    expect(errorOf(await upload(streamOf(large)))).toEqual([413, 'payload-too-large', tooLarge])
    expect([await kept(), await used()]).toEqual([[], {}])

    const third = Buffer.alloc(9 * MIB)
    for (const body of [third, streamOf(third)]) expect((await upload(body)).status).toBe(201)
    const full = `Cannot store another file: this tenant may keep ${BOUNDS.bytes} bytes of files; delete some, or wait until some expire`
    for (const body of [third, streamOf(third)]) {
      expect(errorOf(await upload(body))).toEqual([429, 'file-quota', full])
    }
    expect(await used()).toEqual({ files: '2', bytes: String(2 * third.length) })
    expect(await kept()).toHaveLength(2)
  })

  test('keeps nothing of an upload that breaks off, in whatever form it comes', async ({ house }) => {
    const { url, owner, kept, used } = house
    for (const headers of [
      { 'content-length': 1_000 },
      { 'transfer-encoding': 'chunked' },
      { 'transfer-encoding': 'chunked', 'content-type': 'multipart/form-data; boundary=x' },
    ]) {
      const sent = httpRequest(url, { method: 'POST', headers: { ...owner.headers, ...headers } })
      sent.on('error', () => {})
      sent.write('--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\nhalf')
      await eventually(async () => expect(await kept()).toHaveLength(1))
      sent.destroy()
      await eventually(async () => expect([await kept(), await used()]).toEqual([[], {}]))
    }
  })

  test('lets a key that may submit write, and one that may read read, each in its own tenant', async ({ house }) => {
    const { send, upload, writer, reader, other } = house
    const { file } = await upload('1', '?name=a', { headers: { ...writer.headers, 'content-type': 'text/plain' } })
    const path = `/${file?.id}`
    const statuses = async (as: typeof writer) => [
      (await send('', { as })).status,
      (await send(path, { as })).status,
      (await send(`${path}/content`, { as })).status,
      (await send('', { as, method: 'POST', body: '1' })).status,
    ]
    expect(await statuses(writer)).toEqual([403, 403, 403, 201])
    expect(await statuses(reader)).toEqual([200, 200, 200, 403])
    expect(await statuses(other)).toEqual([200, 404, 404, 201])
    const answers = await Promise.all(
      [path, `/file_${'0'.repeat(32)}`, '/nonsense'].map(async (unknown) => {
        const response = await send(unknown, { as: other, method: 'DELETE' })
        return [response.status, errorBodySchema.parse(await response.json()).error.message]
      }),
    )
    const notFound = [404, 'There is no file with this id; a file is kept only for a while']
    expect(answers).toEqual([notFound, notFound, notFound])
    expect((await send(path, { as: reader })).status).toBe(200)
  })

  test('goes into a job, and what a job kept is in its answer and its last event', async ({ house }) => {
    const { api, owner, other, upload } = house
    const { file } = await upload('a,b\n')
    const payload = {
      language: 'python',
      files: [
        { path: 'main.py', content: 'print(1)' },
        { path: 'data/a.csv', fileId: file?.id },
      ],
      entry: 'main.py',
      artifacts: ['*.png'],
    }
    const artifacts = [{ path: 'a.png', fileId: file?.id ?? '', sizeBytes: 4, sha256: file?.sha256 ?? '' }]
    const artifactsLeftOut = [{ path: 'b.png', reason: 'file-quota' as const }]
    const taken: unknown[] = []
    await api.work(async ({ job, attempt }, publisher) => {
      taken.push(job.storedFiles, job.artifacts)
      const log = publisher.open(job.id, attempt)
      await log.start()
      await log.finish({ type: 'exited', exitCode: 0 }, null, undefined, { artifacts, artifactsLeftOut })
    })
    const { headers } = owner
    const submit = (as: typeof owner) =>
      api.app.inject({ method: 'POST', url: '/v1/jobs?wait=20000', headers: as.headers, payload })
    const job = (await submit(owner)).json()
    expect(job).toMatchObject({ status: 'finished', artifacts, artifactsLeftOut })
    const storedFiles = [{ path: 'data/a.csv', fileId: file?.id, sizeBytes: 4 }]
    expect(taken).toEqual([storedFiles, { patterns: ['*.png'], bounds: BOUNDS }])
    const program = (await api.app.inject({ url: `/v1/jobs/${job.id}/program`, headers })).json()
    expect(program).toMatchObject({ storedFiles, artifacts: ['*.png'], files: [{ path: 'main.py' }] })
    const events = (await api.app.inject({ url: `/v1/jobs/${job.id}/events`, headers })).body.trim().split('\n')
    expect(JSON.parse(events.at(-1) ?? '')).toMatchObject({ type: 'finished', artifacts, artifactsLeftOut })
    const stranger = await submit(other)
    expect([stranger.statusCode, stranger.json().error.code]).toEqual([404, 'file-not-found'])
  })

  test('answers a refused upload before its end, and cuts it when it goes on', async ({ house }) => {
    const { url, reader } = house
    const sent = httpRequest(url, { method: 'POST', headers: { ...reader.headers, 'content-length': 10 * MIB } })
    sent.on('error', () => {})
    sent.write('the first of many bytes')
    const [response] = await once(sent, 'response')
    expect(response.statusCode).toBe(403)
    response.resume()
    await once(sent, 'close')
  })
})
