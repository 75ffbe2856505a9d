import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { promisify } from 'node:util'
import { eventually } from '@runnel/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { StoreUnavailableError } from '../src/blob-store.ts'
import { createFolderStore } from '../src/stores/folder.ts'
import { blobIdOf, testStore } from './store-suite.ts'

const run = promisify(execFile)
const OWN_MOUNTS = ['--user', '--map-root-user', '--mount']
/** A disk of 256 KiB at $0, then the script with it. */
const MOUNT_AND_RUN = 'mount -t tmpfs -o size=256k full "$0" && exec "$1" "$2" "$0"'
const mayMount = await run('unshare', [...OWN_MOUNTS, 'true']).then(
  () => true,
  () => false,
)

let root = ''
let opened = 0
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'runnel-blobs-'))
})
afterAll(() => rm(root, { recursive: true }))
const newFolder = (): string => {
  opened += 1
  return join(root, String(opened), 'not made yet')
}

describe('A folder', () => {
  testStore(async () => createFolderStore(newFolder()))

  test('shows bytes under their name only when they are whole, and leaves no other file', async () => {
    const folder = newFolder()
    using store = createFolderStore(folder)
    const id = blobIdOf('acme')
    const bytes = new PassThrough()
    const put = store.put(id, bytes)
    bytes.write('half')
    const names = () => readdir(join(folder, 'acme')).catch(() => [])
    await eventually(async () => expect(await names()).toEqual([expect.stringMatching(`^${id.fileId}\\..*\\.part$`)]))
    bytes.end(', whole')
    await put
    expect(await names()).toEqual([id.fileId])
  })

  test('removes what a killed upload has left together with the file', async () => {
    const folder = newFolder()
    using store = createFolderStore(folder)
    const id = blobIdOf('acme')
    // Never ends: as if its process were gone.
    const bytes = new PassThrough()
    const put = store.put(id, bytes).catch(() => {})
    bytes.write('half')
    await eventually(async () => expect(await readdir(join(folder, 'acme'))).toHaveLength(1))
    await store.delete(id)
    expect(await readdir(join(folder, 'acme'))).toEqual([])
    bytes.destroy(new Error('the test is over'))
    await put
  })

  test.skipIf(!mayMount)('says that the disk is full, and keeps nothing', async () => {
    const folder = newFolder()
    await mkdir(folder, { recursive: true })
    const script = join(import.meta.dirname, 'fill-folder.ts')
    const { stdout } = await run('unshare', [
      ...OWN_MOUNTS,
      'sh',
      '-c',
      MOUNT_AND_RUN,
      folder,
      process.execPath,
      script,
    ])
    expect(JSON.parse(stdout)).toEqual({ error: 'StoreFullError', left: [] })
  })

  test('says that it cannot be used', async () => {
    using store = createFolderStore('/dev/null/blobs')
    await expect(store.put(blobIdOf('acme'), Readable.from([]))).rejects.toThrow(StoreUnavailableError)
  })
})
