import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { connectRedis, createRedisKeys } from '@runnel/redis'
import { redisTest } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { createFileRecords } from '../src/file-records.ts'
import { createFiles } from '../src/files.ts'
import { openBlobStore } from '../src/open-blob-store.ts'
import { pieces } from './store-suite.ts'

const BOUNDS = { files: 100, bytes: 64 * 1024 * 1024 }
const FILE = { name: 'data.csv', contentType: 'text/csv', maxBytes: 32 * 1024 * 1024 }
const NO_LOG = { info: () => {}, warn: () => {} }
const SMALL = Buffer.from('a,b\n1,2\n')

const test = redisTest
  .extend('root', async ({ prefix }, { onCleanup }) => {
    const folder = await mkdtemp(join(tmpdir(), `${prefix}-files-`))
    onCleanup(() => rm(folder, { recursive: true }))
    return folder
  })
  .extend('open', async ({ redisUrl, prefix, resources, root }) => async (retentionMs = 60_000) => {
    const redis = connectRedis(redisUrl, { role: 'command', log: NO_LOG })
    resources.defer(() => redis.disconnect())
    await once(redis, 'ready')
    const store = resources.use(await openBlobStore({ folder: root, s3: undefined, prefix }))
    const records = createFileRecords({ redis, prefix })
    const used = () => redis.hgetall(createRedisKeys(prefix).filesUsed('acme'))
    const kept = () => readdir(join(root, `files-of-${prefix}`, 'acme')).catch(() => [])
    return { files: createFiles({ store, records, retentionMs, log: NO_LOG }), records, store, redis, used, kept }
  })

const page = { cursor: undefined, limit: 10 }

describe('Files', () => {
  test('are kept with their size and hash, found, read in part, and deleted', async ({ open }) => {
    const { files, used, kept } = await open()
    const bytes = randomBytes(20 * 1024 * 1024)
    const file = await files.add('acme', BOUNDS, FILE, Readable.from(pieces(bytes)))
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    expect(file).toMatchObject({ name: 'data.csv', contentType: 'text/csv', sizeBytes: bytes.length, sha256 })
    expect(Date.parse(file.expiresAt) - Date.parse(file.createdAt)).toBe(60_000)
    expect(await files.find('acme', file.id)).toEqual(file)
    expect(await files.list('acme', page)).toEqual({ files: [file] })
    const part = await files.open('acme', file.id, { first: 3, last: 12 })
    expect(await buffer(part)).toEqual(bytes.subarray(3, 13))
    expect(await used()).toEqual({ files: '1', bytes: String(bytes.length) })
    await files.remove('acme', file.id)
    await expect(files.remove('acme', file.id)).rejects.toMatchObject({ code: 'file-not-found' })
    expect([await files.list('acme', page), await used(), await kept()]).toEqual([{ files: [] }, {}, []])
  })

  test('of another tenant do not exist', async ({ open }) => {
    const { files } = await open()
    const { id } = await files.add('acme', BOUNDS, FILE, Readable.from([SMALL]))
    const notFound = { code: 'file-not-found' }
    await expect(files.find('umbrella', id)).rejects.toMatchObject(notFound)
    await expect(files.remove('umbrella', id)).rejects.toMatchObject(notFound)
    expect(await files.list('umbrella', page)).toEqual({ files: [] })
    await expect(files.find('acme', `file_${'0'.repeat(32)}`)).rejects.toMatchObject(notFound)
  })

  test('are listed newest first, in pages', async ({ open }) => {
    const { files } = await open()
    const ids: string[] = []
    for (let number = 0; number < 5; number += 1) {
      const file = await files.add('acme', BOUNDS, { ...FILE, name: String(number) }, Readable.from([SMALL]))
      ids.unshift(file.id)
      await eventually(() => expect(Date.now()).toBeGreaterThan(Date.parse(file.createdAt)))
    }
    const first = await files.list('acme', { cursor: undefined, limit: 3 })
    const second = await files.list('acme', { cursor: first.next, limit: 3 })
    expect([...first.files, ...second.files].map(({ id }) => id)).toEqual(ids)
    expect(second.next).toBeUndefined()
    await expect(files.list('acme', { cursor: 'x', limit: 3 })).rejects.toMatchObject({ code: 'invalid-request' })
  })

  test('never pass the bounds of their tenant, however many come at once', async ({ open }) => {
    const { files, used } = await open()
    const { files: others } = await open()
    const bytes = randomBytes(1024 * 1024)
    const bounds = { files: 10, bytes: 4 * bytes.length + 1 }
    const add = async (number: number) => {
      const sizeBytes = number % 3 === 0 ? bytes.length : undefined
      const owner = number % 2 === 0 ? files : others
      return owner.add('acme', bounds, { ...FILE, sizeBytes }, Readable.from(pieces(bytes)))
    }
    const ends = await Promise.allSettled(Array.from({ length: 12 }, (_, number) => add(number)))
    const kept = ends.filter(({ status }) => status === 'fulfilled').length
    for (const end of ends) if (end.status === 'rejected') expect(end.reason).toMatchObject({ code: 'file-quota' })
    // While uploads of unknown size are on their way, less may fit than in the end.
    expect(kept).toBeGreaterThanOrEqual(1)
    expect(kept).toBeLessThanOrEqual(4)
    expect(await used()).toEqual({ files: String(kept), bytes: String(kept * bytes.length) })
    for (let more = kept; more < 4; more += 1) await add(1)
    await expect(add(1)).rejects.toMatchObject({
      code: 'file-quota',
      message: expect.stringContaining('4194305 bytes'),
    })
    await expect(files.add('acme', { ...bounds, files: 4 }, FILE, Readable.from([]))).rejects.toMatchObject({
      message: expect.stringContaining('4 files'),
    })
  })

  test('that are too large are refused, before their first byte if their size is known', async ({ open }) => {
    const { files, used, kept } = await open()
    const tooLarge = { code: 'payload-too-large', message: expect.stringContaining('larger than 10 bytes') }
    const small = { ...FILE, maxBytes: 10 }
    const unread = new PassThrough()
    await expect(files.add('acme', BOUNDS, { ...small, sizeBytes: 11 }, unread)).rejects.toMatchObject(tooLarge)
    expect(unread.destroyed).toBe(true)
    await expect(files.add('acme', BOUNDS, small, Readable.from([randomBytes(11)]))).rejects.toMatchObject(tooLarge)
    expect([await used(), await kept()]).toEqual([{}, []])
    expect(await files.add('acme', BOUNDS, small, Readable.from([randomBytes(10)]))).toMatchObject({ sizeBytes: 10 })
  })

  test('that are cut off leave nothing, and the caller gets the error', async ({ open }) => {
    const { files, used, kept } = await open()
    const bytes = new PassThrough()
    const added = files.add('acme', BOUNDS, FILE, bytes)
    bytes.write(SMALL)
    await eventually(async () => expect(await kept()).toHaveLength(1))
    bytes.destroy(new Error('hung up'))
    await expect(added).rejects.toThrow('hung up')
    const gone = new PassThrough().destroy()
    await expect(files.add('acme', BOUNDS, FILE, gone)).rejects.toThrow('Premature close')
    expect([await used(), await kept()]).toEqual([{}, []])
  })

  test('are swept when they have expired', async ({ open }) => {
    const { files, used, kept } = await open(1)
    const file = await files.add('acme', BOUNDS, FILE, Readable.from([SMALL]))
    await eventually(() => expect(Date.now()).toBeGreaterThan(Date.parse(file.expiresAt)))
    await expect(files.find('acme', file.id)).rejects.toMatchObject({ code: 'file-not-found' })
    expect(await files.sweep()).toBe(1)
    expect([await files.list('acme', page), await used(), await kept()]).toEqual([{ files: [] }, {}, []])
    expect(await files.sweep()).toBe(0)
  })

  test('whose upload died are swept, and one that only was slow does not come back', async ({ open, redisKeys }) => {
    const { files, used, kept, redis } = await open()
    const bytes = new PassThrough()
    const added = files.add('acme', BOUNDS, FILE, bytes)
    bytes.write(SMALL)
    await eventually(async () => expect(await kept()).toHaveLength(1))
    expect(await files.sweep()).toBe(0)
    // Two minutes without a sign of life of its process.
    const [member = ''] = await redis.zrange(redisKeys.filesDue, 0, -1)
    await redis.zadd(redisKeys.filesDue, Date.now() - 1, member)
    expect(await files.sweep()).toBe(1)
    expect([await used(), await kept()]).toEqual([{}, []])
    bytes.end()
    await expect(added).rejects.toThrow()
    expect([await files.list('acme', page), await used(), await kept()]).toEqual([{ files: [] }, {}, []])
  })

  test('that Redis has lost are swept from the store an hour later', async ({ open, root, prefix, redisKeys }) => {
    const { files, kept, redis } = await open()
    const [lost, young, known] = await Promise.all(
      [1, 2, 3].map(() => files.add('acme', BOUNDS, FILE, Readable.from([SMALL]))),
    )
    for (const file of [lost, young]) await redis.del(redisKeys.file(file?.id ?? ''))
    const longAgo = new Date(Date.now() - 2 * 60 * 60 * 1_000)
    for (const file of [lost, known]) {
      await utimes(join(root, `files-of-${prefix}`, 'acme', file?.id ?? ''), longAgo, longAgo)
    }
    expect(await files.sweep()).toBe(1)
    expect(await kept()).toEqual([young?.id, known?.id].toSorted())
  })
})
