import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { type BlobId, BlobMissingError, type BlobStore } from '../src/blob-store.ts'

export const blobIdOf = (tenantId: string): BlobId => ({ tenantId, fileId: `file_${randomBytes(16).toString('hex')}` })

const idsIn = async (store: BlobStore): Promise<string[]> => {
  const ids: string[] = []
  for await (const { tenantId, fileId } of store.list()) ids.push(`${tenantId} ${fileId}`)
  return ids.toSorted()
}

/** What every store promises. `open` gives one that is empty. */
export const testStore = (open: () => Promise<BlobStore>): void => {
  test('gives back the bytes that were put, whole and in parts', async () => {
    using store = await open()
    const id = blobIdOf('acme')
    // More than two parts of a multipart upload.
    const bytes = randomBytes(17 * 1024 * 1024 + 1)
    await store.put(id, Readable.from(pieces(bytes)))
    expect((await buffer(await store.read(id))).equals(bytes)).toBe(true)
    const last = bytes.length - 1
    for (const [first, end] of [
      [0, 9],
      [5, 1_000],
      [last, last],
    ] as const) {
      const part = await buffer(await store.read(id, { first, last: end }))
      expect(part.equals(bytes.subarray(first, end + 1))).toBe(true)
    }
  })

  test('keeps bytes that are no text, and none at all', async () => {
    using store = await open()
    for (const bytes of [Buffer.of(0, 0xff, 0x0d, 0x0a), Buffer.of()]) {
      const id = blobIdOf('acme')
      await store.put(id, Readable.from([bytes]))
      expect(await buffer(await store.read(id))).toEqual(bytes)
    }
  })

  test('keeps nothing of bytes that end with an error, which the caller gets', async () => {
    using store = await open()
    const id = blobIdOf('acme')
    const cut = new Error('cut off')
    const bytes = Readable.from(
      (async function* () {
        yield randomBytes(9 * 1024 * 1024)
        throw cut
      })(),
    )
    await expect(store.put(id, bytes)).rejects.toBe(cut)
    await expect(store.read(id)).rejects.toThrow(BlobMissingError)
    expect(await idsIn(store)).toEqual([])
  })

  test('lists what is there, and no longer what was deleted, once or twice', async () => {
    using store = await open()
    const [one, other] = [blobIdOf('acme'), blobIdOf('umbrella')]
    const before = Date.now()
    for (const id of [one, other]) await store.put(id, Readable.from([Buffer.from('1')]))
    expect(await idsIn(store)).toEqual([one, other].map((id) => `${id.tenantId} ${id.fileId}`).toSorted())
    for await (const { modifiedAt } of store.list()) expect(modifiedAt.getTime()).toBeGreaterThan(before - 60_000)
    await store.delete(one)
    await store.delete(one)
    await expect(store.read(one)).rejects.toThrow(BlobMissingError)
    expect(await idsIn(store)).toEqual([`${other.tenantId} ${other.fileId}`])
  })

  test.each([
    { tenantId: '..', fileId: `file_${'0'.repeat(32)}` },
    { tenantId: 'acme', fileId: '../../etc/passwd' },
  ])('makes no path or key of $tenantId and $fileId', async (id) => {
    using store = await open()
    await expect(store.read(id)).rejects.toThrow('Cannot name bytes by')
    await expect(store.put(id, Readable.from([]))).rejects.toThrow('Cannot name bytes by')
  })
}

export function* pieces(bytes: Buffer, size = 64 * 1024): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
