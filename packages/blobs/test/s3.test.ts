import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { StoreUnavailableError } from '../src/blob-store.ts'
import { createS3Store, type S3Options } from '../src/stores/s3.ts'
import { type S3Server, startS3 } from './s3-server.ts'
import { blobIdOf, testStore } from './store-suite.ts'

let server: S3Server
beforeAll(async () => {
  server = await startS3()
})
afterAll(() => server[Symbol.asyncDispose]())

let opened = 0
const optionsOf = (more: Partial<S3Options> = {}): S3Options => {
  opened += 1
  const { url: endpoint, bucket } = server
  const usual = { bucketIn: 'path', checksums: 'when-required', region: 'us-east-1' } as const
  return { ...usual, endpoint, bucket, keyPrefix: `files-of-{runnel}-${opened}`, ...more }
}

describe('A bucket', () => {
  testStore(async () => createS3Store(optionsOf()))

  test('keeps the bytes as they are with both settings of checksums', async () => {
    const bytes = randomBytes(1_000)
    const stored = async (checksums: S3Options['checksums']) => {
      using store = createS3Store(optionsOf({ checksums }))
      const id = blobIdOf('acme')
      await store.put(id, Readable.from([bytes]))
      return (await buffer(await store.read(id))).equals(bytes)
    }
    expect([await stored('when-required'), await stored('when-supported')]).toEqual([true, true])
  })

  test('says that it cannot be used: no such bucket, no such server', async () => {
    for (const options of [optionsOf({ bucket: 'other' }), optionsOf({ endpoint: 'http://127.0.0.1:1' })]) {
      using store = createS3Store(options)
      await expect(store.read(blobIdOf('acme'))).rejects.toThrow(StoreUnavailableError)
      await expect(store.put(blobIdOf('acme'), Readable.from(['1']))).rejects.toThrow(StoreUnavailableError)
    }
  })
})
